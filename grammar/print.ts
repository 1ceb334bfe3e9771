/** @file The formatter. In: the text of a `.cell` file. Out: the same tree and comments in the one
 *  layout, ASCII. Never touches a text with syntax mistakes; formatting twice changes nothing more. */
import type { CellMember, DimParam, Import, Item, SourceFile, TrainSetting } from "./ast.ts";
import { type Diagnostic, hasErrors } from "./diagnostic.ts";
import { type Doc, layOut, line, softLine } from "./layout.ts";
import type { Comment } from "./lex.ts";
import { parse } from "./parse.ts";
import { addBlock, type Entry, lineCounter, type Page } from "./print-block.ts";
import {
  list,
  printDim,
  printDims,
  printExpr,
  printInitialiser,
  printNames,
  printOf,
  printShape,
  printValue,
  type TakeComments,
} from "./print-expression.ts";

export const WIDTH = 100;
const INDENT = 2;

/** Formats; where there are syntax errors, gives them and the text as it was. */
export function print(
  text: string,
  file: string,
): { readonly text: string; readonly diagnostics: readonly Diagnostic[] } {
  const { ast, comments, diagnostics } = parse(text, file);
  return { text: hasErrors(diagnostics) ? text : printTree(ast, comments, text), diagnostics };
}

/** A tree as text. Its comments, and blank lines between members, come from the text it was. */
export function printTree(ast: SourceFile, comments: readonly Comment[] = [], source = ""): string {
  let taken = 0;
  const take: TakeComments = (before) => {
    const from = taken;
    while (taken < comments.length && comments[taken]!.span.start < before) taken++;
    return comments.slice(from, taken);
  };
  const page: Page = { take, lineOf: lineCounter(source) };
  const lines: string[] = [];
  const entries = [
    ...ast.imports.map((i) =>
      entry("import", { ...i, doc: "" }, () => flow(importDoc(i, take), 0)),
    ),
    ...ast.items.map((item) => entry("item", item, () => printItem(item, page))),
  ];
  addBlock(lines, entries, Number.POSITIVE_INFINITY, "", page);
  return lines.map((text) => `${text}\n`).join("");
}

function entry(
  kind: Entry["kind"],
  { span, doc }: Pick<Entry, "span" | "doc">,
  print: Entry["print"],
): Entry {
  return { kind, span, doc, print };
}

function flow(doc: Doc, indent: number): readonly string[] {
  return `${" ".repeat(indent)}${layOut(doc, WIDTH, indent)}`.split("\n");
}

function importDoc({ names, from, fromSpan }: Import, take: TakeComments): Doc {
  const items = names.map(({ text, span }) => ({ at: span.start, print: () => text }));
  return ["import ", list("{", "}", items, fromSpan.start, line, take), ` from "${from}"`];
}

function printItem(item: Item, page: Page): readonly string[] {
  switch (item.kind) {
    case "fn": {
      const { take } = page;
      const params = item.params.map(({ name, shape }) => ({
        at: name.span.start,
        print: () => `${name.text}: ${printShape(shape)}`,
      }));
      const head = list("(", ")", params, item.returns.span.start, softLine, take);
      const returns = ` -> ${printShape(item.returns)}`;
      return flow([`fn ${item.name.text}`, head, returns, printValue(item.body, take)], 0);
    }
    case "cell": {
      const parent = item.extends;
      const clause = parent === null ? "" : ` extends ${parent.name.text}${printDims(parent.dims)}`;
      return braces(
        `cell ${item.name.text}${printDimParams(item.dims)}${clause}`,
        item.members.map((m) => [m, (take) => memberDoc(m, take)]),
        item.span.end,
        page,
      );
    }
    case "model":
      return braces(
        `model ${item.name.text}${printDimParams(item.dims)}`,
        item.members.map((m) => [m, (take) => memberDoc(m, take)]),
        item.span.end,
        page,
      );
    case "train":
      return braces(
        `train ${item.name.text}`,
        item.settings.map((s) => [{ ...s, doc: "" }, (take) => settingDoc(s, take)]),
        item.span.end,
        page,
        "setting",
      );
    default:
      return item satisfies never;
  }
}

type Statement = readonly [Pick<Entry, "span" | "doc">, (take: TakeComments) => Doc];

function braces(
  head: string,
  statements: readonly Statement[],
  end: number,
  page: Page,
  kind: Entry["kind"] = "member",
): readonly string[] {
  const lines = [`${head} {`];
  const entries = statements.map(([at, doc]) =>
    entry(kind, at, () => flow(doc(page.take), INDENT)),
  );
  addBlock(lines, entries, end, " ".repeat(INDENT), page);
  return lines.length === 1 && lines[0] === `${head} {` ? [`${head} {}`] : [...lines, "}"];
}

function printDimParams(dims: readonly DimParam[]): string {
  if (dims.length === 0) return "";
  const params = dims.map(({ name, default: d }) =>
    d === null ? name.text : `${name.text} = ${printDim(d)}`,
  );
  return `<${params.join(", ")}>`;
}

function memberDoc(m: CellMember, take: TakeComments): Doc {
  switch (m.kind) {
    case "input":
    case "memory": {
      const names = printNames(m.names, take);
      const of = m.kind === "input" ? printOf(m.of) : "";
      return [`${m.kind} `, names, `: ${printShape(m.shape)}${of}`];
    }
    case "state": {
      const head: Doc = ["state ", printNames(m.names, take), `: ${printShape(m.shape)}`];
      if (m.init === null) return head;
      if (m.init.kind === "value") return [head, printValue(m.init.expr, take)];
      return [head, " = learn(", printInitialiser(m.init.initialiser, take), ")"];
    }
    case "param": {
      const head: Doc = ["param ", printNames(m.names, take), `: ${printShape(m.shape)} ~ `];
      return [head, printInitialiser(m.initialiser, take)];
    }
    case "const":
      return [`const ${m.name.text}`, printValue(m.value, take)];
    case "equation": {
      const word = m.role === "state" ? "" : `${m.role} `;
      return [`${word}${m.name.text}${m.timed ? "[t]" : ""}`, printValue(m.value, take)];
    }
    case "output": {
      const names = printNames(m.names, take);
      if (m.value === null) return ["output ", names];
      return ["output ", names, m.timed ? "[t]" : "", printValue(m.value, take)];
    }
    default:
      return m satisfies never;
  }
}

function settingDoc({ key, word, value }: TrainSetting, take: TakeComments): Doc {
  const words = word === null ? key.text : `${key.text} ${word.text}`;
  return value === null ? words : [`${words} `, printExpr(value, take)];
}
