/** @file What of a cell is used. In: a merged cell. Out: the equations that stay, the flat cell, and a
 *  warning for what was declared in vain. Inherited declarations go without a word: their users were replaced. */
import type { Equation, Expr } from "../../grammar/ast.ts";
import { warning } from "../../grammar/diagnostic.ts";
import type { Declared, MergedCell } from "../1-resolve/flatten.ts";
import { argValues, dimNames, expressions, initExpressions } from "../1-resolve/visit.ts";
import { type CellNames, kindOf } from "./cell-scope.ts";
import type { FlatCell } from "./checked.ts";

/** Equations by name: of states, and of lets that something needs or the cell itself declares. */
export interface Kept {
  readonly equations: ReadonlyMap<string, Equation>;
  readonly values: ReadonlyMap<string, Expr>;
}

export function keep(merged: MergedCell): Kept {
  const roots = [
    ...[...merged.updates.values()].map((u) => u.equation.name.text),
    ...merged.outputs.map((o) => o.name),
    ...[...merged.declared.values()].flatMap((d) => (d.own || d.kind === "state" ? [d.name] : [])),
  ];
  const needed = reach(merged, roots);
  const equations = new Map<string, Equation>();
  for (const d of merged.declared.values()) {
    const equation = d.kind === "let" ? d.equation : merged.updates.get(d.name)?.equation;
    if (equation !== undefined && needed.has(d.name)) equations.set(d.name, equation);
  }
  for (const [name, u] of merged.updates) if (!equations.has(name)) equations.set(name, u.equation);
  return { equations, values: new Map([...equations].map(([name, e]) => [name, e.value])) };
}

/** A cell without mistakes as lowering reads it. */
export function flatten(merged: MergedCell, ordered: readonly Equation[]): FlatCell {
  const { decl, dims, outputs, lineage } = merged;
  const declared = [...merged.declared.values()];
  const of = <K extends Declared["kind"]>(kind: K) =>
    declared.filter((d): d is Extract<Declared, { kind: K }> => d.kind === kind);
  const used = namesIn(ordered, declared);
  return {
    name: decl.name.text,
    doc: decl.doc,
    dims,
    inputs: of("input").map(({ name, shape, of, span }) => ({ name, shape, of, span })),
    memories: of("memory").map(({ name, shape, span }) => ({ name, shape, span })),
    states: of("state").map(({ name, shape, init, span }) => {
      return { name, shape, init, lags: largestLag(name, ordered), span };
    }),
    params: of("param")
      .filter((p) => used.has(p.name))
      .map(({ name, shape, initialiser, span }) => ({ name, shape, initialiser, span })),
    consts: of("const").map((c) => c.decl),
    equations: [...ordered.filter((e) => !e.timed), ...ordered.filter((e) => e.timed)],
    outputs,
    lineage,
  };
}

/** W202 for what the cell itself declares and nothing reads. */
export function warnUnused({ merged, report, where }: CellNames): void {
  const equations = [...keep(merged).equations.values()];
  const declared = [...merged.declared.values()];
  const used = namesIn(equations, declared);
  const outputs = new Set(merged.outputs.map((o) => o.name));
  const unused = (name: string, what: string, span: Declared["span"]) =>
    report(
      warning("W202", span, `\`${name}\` is never used in ${where}`, {
        label: `${what} that nothing reads`,
        help: "remove it, or use it",
      }),
    );
  for (const d of declared) {
    const isUsed = used.has(d.name) || outputs.has(d.name) || d.kind === "state" || !d.own;
    if (!isUsed) unused(d.name, kindOf(d), d.span);
  }
  const inShapes = declared.flatMap((d) => ("shape" in d ? d.shape.dims : []));
  const classes = declared.flatMap((d) => (d.kind === "input" && d.of !== null ? [d.of] : []));
  const defaults = merged.dims.flatMap((d) => (d.default === null ? [] : [d.default]));
  const parents = merged.decl.extends?.dims ?? [];
  const written = [...inShapes, ...classes, ...defaults, ...parents].flatMap(dimNames);
  const dims = new Set([...used, ...written]);
  for (const d of merged.dims) {
    if (!dims.has(d.name.text)) unused(d.name.text, "a dim", d.name.span);
  }
}

/** Names that `roots` need, themselves included. */
function reach(merged: MergedCell, roots: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const queue = [...roots];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const d = merged.declared.get(name);
    const read = [
      ...(d === undefined ? [] : ownExpressions(d)),
      ...(merged.updates.has(name) ? [merged.updates.get(name)!.equation.value] : []),
    ];
    for (const e of read.flatMap((x) => [...expressions(x)]))
      if (e.kind === "ref") queue.push(e.name);
  }
  return seen;
}

/** Names that equations, initial values, initialisers and consts read. */
function namesIn(equations: readonly Equation[], declared: readonly Declared[]): Set<string> {
  const read = [
    ...equations.map((e) => e.value),
    ...declared.flatMap((d) => (d.kind === "let" ? [] : ownExpressions(d))),
  ];
  const refs = read.flatMap((e) => [...expressions(e)]);
  return new Set(refs.flatMap((e) => (e.kind === "ref" ? [e.name] : [])));
}

function ownExpressions(d: Declared): readonly Expr[] {
  switch (d.kind) {
    case "let":
      return [d.equation.value];
    case "const":
      return [d.decl.value];
    case "param":
      return argValues(d.initialiser.args);
    case "state":
      return initExpressions(d.init);
    case "input":
    case "memory":
      return [];
  }
}

function largestLag(state: string, equations: readonly Equation[]): number {
  const refs = equations.flatMap((e) => [...expressions(e.value)]);
  return Math.max(1, ...refs.map((e) => (e.kind === "ref" && e.name === state ? (e.lag ?? 0) : 0)));
}
