/** @file A cell's equations and declarations. In: a checked cell. Out: them as data, each with where it is
 *  from; the picture of a step. Never a number that the declarations do not give. */
import type { Checked, FlatCell } from "../../compiler/2-check/checked.ts";
import { expressions } from "../../compiler/1-resolve/visit.ts";
import type { CellDecl, Equation, FnDecl } from "../../grammar/ast.ts";
import { latexOf, latexOfEquation, type Scalars } from "../../grammar/latex.ts";
import { latexOfName } from "../../grammar/latex-names.ts";
import { functionName } from "../../grammar/latex-calls.ts";
import { printOf, printShape } from "../../grammar/print-expression.ts";
import type { Span } from "../../grammar/span.ts";
import { stepDiagram } from "./dataflow.ts";
import type { Diagram } from "./diagram.ts";
import { initialText, initialiserText, written } from "./text.ts";
import { type Count, countOf, scalarsOf, shapesOf } from "./shapes.ts";

export type Group = "sequence" | "gate" | "value" | "state" | "output";

/** In a cell that extends another: taken over, put in the place of another, or new. */
export type Origin = "own" | "inherited" | "replaced" | "added";

export interface EquationFacts {
  readonly name: string;
  readonly group: Group;
  /** As the spec has it: `i[t] = sigmoid(…)`. */
  readonly text: string;
  readonly latex: { readonly left: string; readonly right: string };
  readonly shape: string;
  readonly doc: string;
  readonly origin: Origin;
  /** The cell that declares it. */
  readonly from: string;
  readonly file: string;
  readonly line: number;
}

export interface CellFacts {
  /** Nearest first. */
  readonly ancestors: readonly string[];
  readonly equations: readonly EquationFacts[];
  readonly functions: readonly FunctionFacts[];
  readonly inputs: readonly {
    readonly name: string;
    readonly shape: string;
    readonly memory: boolean;
  }[];
  readonly outputs: readonly string[];
  readonly states: readonly {
    readonly name: string;
    readonly shape: string;
    readonly initial: string;
    readonly lags: number;
    readonly origin: Origin;
  }[];
  readonly parameters: readonly {
    readonly name: string;
    readonly shape: string;
    readonly initialiser: string;
    readonly count: Count;
    readonly origin: Origin;
  }[];
  readonly constants: readonly {
    readonly name: string;
    readonly text: string;
    readonly latex: string;
  }[];
  /** Of all parameters. */
  readonly count: Count;
}

export interface FunctionFacts {
  readonly name: string;
  readonly doc: string;
  readonly text: string;
  readonly latex: { readonly left: string; readonly right: string };
  readonly file: string;
  readonly line: number;
}

export function cellFacts(
  checked: Checked,
  cell: FlatCell,
  dims: Readonly<Record<string, number>>,
): { readonly facts: CellFacts; readonly diagram: Diagram } {
  const shapes = shapesOf(checked, cell);
  const scalars = scalarsOf(cell, shapes, Object.keys(dims));
  const shape = (name: string): string => shapes.get(name)?.text ?? "";
  const learned = cell.states.flatMap((s) => (s.init?.kind === "learn" ? [s] : []));
  const parameters = [
    ...cell.params.map((p) => ({
      name: p.name,
      of: p.name,
      initialiser: p.initialiser,
      span: p.span,
    })),
    ...learned.map((s) => ({
      name: `initial.${s.name}`,
      of: s.name,
      initialiser: s.init?.kind === "learn" ? s.init.initialiser : null,
      span: s.span,
    })),
  ];
  const counts = parameters.map((p) => shapes.get(p.of)!.dims);
  const facts: CellFacts = {
    ancestors: cell.lineage.slice(1).map((c) => c.name.text),
    equations: inOrder(cell).map((e) => equationFacts(e, cell, shape(e.name.text), scalars)),
    functions: functionsOf(checked, cell).map(functionFacts),
    inputs: [
      ...cell.inputs.map(({ name, shape: s, of }) => ({
        name,
        shape: `${printShape(s)}${printOf(of)}`,
        memory: false,
      })),
      ...cell.memories.map(({ name, shape: s }) => ({ name, shape: printShape(s), memory: true })),
    ],
    outputs: cell.outputs.map((o) => o.name),
    states: cell.states.map((s) => ({
      name: s.name,
      shape: printShape(s.shape),
      initial: initialText(s.init),
      lags: s.lags,
      origin: originOf(s.name, s.span, cell, declares).origin,
    })),
    parameters: parameters.map((p, i) => ({
      name: p.name,
      shape: shape(p.of),
      initialiser: p.initialiser === null ? "" : initialiserText(p.initialiser),
      count: countOf([counts[i]!]),
      origin: originOf(p.of, p.span, cell, declares).origin,
    })),
    constants: cell.consts.map((c) => ({
      name: c.name.text,
      text: written(c.value),
      latex: `${latexOfName(c.name.text)} = ${latexOf(c.value, scalars)}`,
    })),
    count: countOf(counts),
  };
  return { facts, diagram: stepDiagram(cell, scalars) };
}

function equationFacts(
  e: Equation,
  cell: FlatCell,
  shape: string,
  scalars: Scalars,
): EquationFacts {
  const name = e.name.text;
  return {
    name,
    group: groupOf(e, cell),
    text: equationText(e),
    latex: latexOfEquation(e, scalars),
    shape,
    doc: e.doc,
    ...originOf(name, e.span, cell, defines),
    file: e.span.file,
    line: e.span.line,
  };
}

/** As written: in the order in which the oldest ancestor and its heirs name them. */
export function inOrder({ equations, lineage }: FlatCell): readonly Equation[] {
  const members = [...lineage].reverse().flatMap((c) => c.members);
  const place = (e: Equation): number => members.findIndex((m) => defines(m, e.name.text));
  return [...equations].sort((a, b) => place(a) - place(b));
}

export const equationText = (e: Equation): string =>
  `${e.name.text}${e.timed ? "[t]" : ""} = ${written(e.value)}`;

function groupOf(e: Equation, cell: FlatCell): Group {
  if (e.role !== "let") return e.role;
  if (!e.timed) return "sequence";
  return cell.outputs.some((o) => o.name === e.name.text) ? "output" : "value";
}

/** Which of the cell and its ancestors says it, and whether an older one said otherwise. */
function originOf(
  name: string,
  span: Span,
  { lineage }: FlatCell,
  said: (m: Member, name: string) => boolean,
): { readonly origin: Origin; readonly from: string } {
  const holds = (c: CellDecl): boolean =>
    c.span.file === span.file && c.span.start <= span.start && span.end <= c.span.end;
  const index = Math.max(0, lineage.findIndex(holds));
  const from = lineage[index]!.name.text;
  if (index > 0) return { origin: "inherited", from };
  if (lineage.length === 1) return { origin: "own", from };
  const older = lineage.slice(1).flatMap((c) => c.members);
  return { origin: older.some((m) => said(m, name)) ? "replaced" : "added", from };
}

type Member = CellDecl["members"][number];

/** Does it declare `name`, as a state or parameter? */
const declares = (m: Member, name: string): boolean =>
  (m.kind === "state" || m.kind === "param") && m.names.some((n) => n.text === name);

/** Is it the equation of `name`? */
function defines(m: Member, name: string): boolean {
  if (m.kind === "equation") return m.name.text === name;
  return m.kind === "output" && m.value !== null && m.names.some((n) => n.text === name);
}

/** Functions that the equations call, and those that these call; callers first. */
export function functionsOf(checked: Checked, cell: FlatCell): readonly FnDecl[] {
  const found = new Map<string, FnDecl>();
  const visit = (values: readonly Equation["value"][]): void => {
    for (const value of values)
      for (const e of expressions(value)) {
        const fn = e.kind === "call" ? checked.fns.get(e.callee.text) : undefined;
        if (fn === undefined || found.has(fn.name.text)) continue;
        found.set(fn.name.text, fn);
        visit([fn.body]);
      }
  };
  visit(cell.equations.map((e) => e.value));
  return [...found.values()];
}

export function functionFacts(fn: FnDecl): FunctionFacts {
  const scalars = new Set(
    fn.params.flatMap((p) => (p.shape.dims.length === 0 ? [p.name.text] : [])),
  );
  const params = fn.params.map((p) => `${p.name.text}: ${printShape(p.shape)}`).join(", ");
  const names = fn.params.map((p) => latexOfName(p.name.text)).join(", ");
  return {
    name: fn.name.text,
    doc: fn.doc.split("\n").join(" "),
    text: `fn ${fn.name.text}(${params}) -> ${printShape(fn.returns)} = ${written(fn.body)}`,
    latex: { left: `${functionName(fn.name.text)}(${names})`, right: latexOf(fn.body, scalars) },
    file: fn.span.file,
    line: fn.span.line,
  };
}
