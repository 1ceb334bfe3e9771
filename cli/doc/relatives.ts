/** @file Which cells are alike. In: cells. Out: for each, those it extends, those that extend it, those with
 *  the nearest equations. Never by name: names of weights and values do not count. */
import { expressions } from "../../compiler/1-resolve/visit.ts";
import type { FlatCell } from "../../compiler/2-check/checked.ts";
import type { Expr } from "../../grammar/ast.ts";

export type Relation = "extends" | "extended by" | "near";

export interface Relative<T> {
  readonly relation: Relation;
  readonly of: T;
  /** Share of the parts of both equations that both have, 0 to 1. */
  readonly likeness: number;
}

/** Nothing less alike is called near. */
const NEAR = 0.45;
const MOST = 3;

export function relativesOf<T extends { readonly cell: FlatCell }>(
  me: T,
  all: readonly T[],
): readonly Relative<T>[] {
  const mine = partsOf(me.cell);
  const others = all
    .filter((t) => t !== me)
    .map((of) => ({ of, likeness: likeness(mine, partsOf(of.cell)) }));
  const related = others.flatMap((o): readonly Relative<T>[] => {
    if (isChild(me.cell, o.of.cell)) return [{ relation: "extends", ...o }];
    return isChild(o.of.cell, me.cell) ? [{ relation: "extended by", ...o }] : [];
  });
  const near = others
    .filter((o) => o.likeness >= NEAR && !related.some((r) => r.of === o.of))
    .sort((a, b) => b.likeness - a.likeness)
    .slice(0, MOST)
    .map((o): Relative<T> => ({ relation: "near", ...o }));
  return [...related, ...near].sort(
    (a, b) => ORDER.indexOf(a.relation) - ORDER.indexOf(b.relation),
  );
}

const ORDER: readonly Relation[] = ["extends", "extended by", "near"];

/** Does `child` extend `parent` itself? By place: each file's tree is its own. */
function isChild(child: FlatCell, parent: FlatCell): boolean {
  const [of, own] = [child.lineage[1]?.span, parent.lineage[0]!.span];
  return of !== undefined && of.file === own.file && of.start === own.start;
}

/** Ruzicka 1958: Σ min / Σ max over how often each part occurs. */
function likeness(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  const keys = new Set([...a.keys(), ...b.keys()]);
  let [common, all] = [0, 0];
  for (const key of keys) {
    const [x, y] = [a.get(key) ?? 0, b.get(key) ?? 0];
    common += Math.min(x, y);
    all += Math.max(x, y);
  }
  return all === 0 ? 0 : common / all;
}

/** Every operation in the equations with what it takes, names replaced by what they are. */
export function partsOf(cell: FlatCell): ReadonlyMap<string, number> {
  const kinds = new Map<string, string>([
    ...cell.inputs.map((i) => [i.name, "input"] as const),
    ...cell.memories.map((m) => [m.name, "memory"] as const),
    ...cell.params.map((p) => [p.name, `param${p.shape.dims.length}`] as const),
    ...cell.consts.map((c) => [c.name.text, "const"] as const),
    ...cell.equations.map((e) => [e.name.text, e.role] as const),
  ]);
  const counts = new Map<string, number>();
  for (const { value } of cell.equations)
    for (const e of expressions(value)) {
      if (e.kind === "ref" || e.kind === "number") continue;
      const key = nameless(e, kinds);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  return counts;
}

function nameless(e: Expr, kinds: ReadonlyMap<string, string>): string {
  const again = (x: Expr): string => nameless(x, kinds);
  switch (e.kind) {
    case "number":
      return e.text;
    case "ref":
      return `${kinds.get(e.name) ?? "dim"}${e.lag ?? ""}`;
    case "unary":
      return `-(${again(e.operand)})`;
    case "binary": {
      // Sums and products in one order.
      const sides =
        e.op === "+" || e.op === "*"
          ? chain(e, e.op).map(again).sort()
          : [again(e.left), again(e.right)];
      return `(${sides.join(` ${e.op} `)})`;
    }
    case "call":
      return `${e.callee.text}(${e.args.map((a) => (a.kind === "target" ? a.name.text : again(a.value))).join(", ")})`;
    default:
      return e.kind;
  }
}

const chain = (e: Expr, op: string): readonly Expr[] =>
  e.kind === "binary" && e.op === op ? [...chain(e.left, op), ...chain(e.right, op)] : [e];
