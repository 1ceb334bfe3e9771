/** @file Names for what long expressions repeat. In: expressions. Out: the same with names in them, and what the
 *  names stand for. Never names what is short or stands once. */
import type { Arg, Expr } from "../../grammar/ast.ts";
import { refTo } from "./expression.ts";
import { textOf } from "./text.ts";

export interface Definition {
  readonly name: string;
  readonly expression: Expr;
  readonly text: string;
}

/** Shorter repetitions are read as quickly as a name is looked up. */
const LEAST = 30;

/** Names are v1, v2, … or, where the spec has such names, those with an underscore before the number. */
export function abbreviate(
  expressions: readonly Expr[],
  taken: (name: string) => boolean,
): { readonly expressions: readonly Expr[]; readonly definitions: readonly Definition[] } {
  const definitions = new Map<string, Definition>();
  const stem = taken("v1") ? "v_" : "v";
  const withKnown = (e: Expr): Expr =>
    [...definitions].reduce((x, [text, d]) => replaced(x, text, refTo(d.name, null)), e);
  let count = 0;
  const shortened = (whole: Expr): Expr => {
    const e = withKnown(whole);
    const text = mostRepeated(e);
    if (text === null) return e;
    const name = `${stem}${++count}`;
    const inner = shortened(text.expression);
    definitions.set(text.text, { name, expression: inner, text: textOf(inner) });
    return shortened(replaced(e, text.text, refTo(name, null)));
  };
  return { expressions: expressions.map(shortened), definitions: [...definitions.values()] };
}

/** The longest part that stands at least twice. */
function mostRepeated(e: Expr): { readonly text: string; readonly expression: Expr } | null {
  const counts = new Map<string, { count: number; expression: Expr }>();
  const visit = (x: Expr): void => {
    if (x.kind === "ref" || x.kind === "number") return;
    const text = textOf(x);
    if (text.length < LEAST) return;
    const known = counts.get(text);
    if (known === undefined) counts.set(text, { count: 1, expression: x });
    else known.count++;
    for (const part of partsOf(x)) visit(part);
  };
  visit(e);
  const repeated = [...counts].filter(([, { count }]) => count > 1);
  const [longest] = repeated.sort(([a], [b]) => b.length - a.length);
  return longest === undefined ? null : { text: longest[0], expression: longest[1].expression };
}

function partsOf(e: Expr): readonly Expr[] {
  switch (e.kind) {
    case "unary":
      return [e.operand];
    case "binary":
      return [e.left, e.right];
    case "call":
      return e.args.flatMap((a) => (a.kind === "positional" ? [a.value] : []));
    default:
      return [];
  }
}

function replaced(e: Expr, text: string, by: Expr): Expr {
  if (e.kind === "ref" || e.kind === "number") return e;
  if (textOf(e) === text) return by;
  const again = (x: Expr): Expr => replaced(x, text, by);
  switch (e.kind) {
    case "unary":
      return { ...e, operand: again(e.operand) };
    case "binary":
      return { ...e, left: again(e.left), right: again(e.right) };
    case "call":
      return {
        ...e,
        args: e.args.map(
          (a): Arg => (a.kind === "positional" ? { ...a, value: again(a.value) } : a),
        ),
      };
    default:
      return e;
  }
}
