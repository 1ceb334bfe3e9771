/** @file Paths through the equations of a step. In: a loop. Out: for every state after the step and every state
 *  before it, each path from one to the other with its derivative. Chain rule; Werbos 1990. */
import { createBuilder } from "../ir/builder.ts";
import { invariant } from "../ir/invariant.ts";
import { type Apply, type Node, type NodeId, reads } from "../ir/ir.ts";
import { type Coefficients, coefficients } from "./coefficients.ts";
import { compose, sum } from "./compose.ts";
import { identity, isZero, type Linear } from "./linear.ts";
import { localDerivative } from "./local.ts";
import type { Loop, Slot } from "./loop.ts";

/** One way from a state before the step to a state after it. */
export interface Path {
  /** Body ids of the equations passed, from the state after the step back. */
  readonly through: readonly NodeId[];
  readonly map: Linear;
  /** Linear in the old state, each element by itself: what neither a weight matrix nor a nonlinearity touches. */
  readonly direct: boolean;
}

export interface BlockPaths {
  readonly of: Slot;
  readonly to: Slot;
  /** Shortest first; direct ones before others. */
  readonly paths: readonly Path[];
  /** Paths beyond `LIMIT`, which are counted and not written out. */
  readonly more: number;
}

/** The derivative of one equation by the equations and states that it reads. */
export type Derivatives = ReadonlyMap<NodeId, Branches>;

/** Straight: linear and elementwise. Bent: all else. */
export interface Branches {
  readonly straight: Linear | null;
  readonly bent: Linear | null;
}

export interface Step {
  readonly c: Coefficients;
  readonly slots: readonly Slot[];
  /** By equation, and by a state's next value where that is no equation by itself. */
  readonly derivatives: ReadonlyMap<NodeId, Derivatives>;
  readonly isEquation: (id: NodeId) => boolean;
}

/** Paths of one block that are written out; of more than four times as many, those that are direct. */
export const LIMIT = 64;

/** The step's equations with their derivatives; ids are those of the loop's body. */
export function stepOf(loop: Loop): Step {
  const { nodes } = loop.scan.body;
  const b = createBuilder();
  for (const node of nodes) {
    const id = b.copy(node, (before) => before);
    invariant(id === node.id, "a body that was just built keeps its ids");
  }
  const { slots } = loop;
  const states = new Set(slots.map((s) => s.arg));
  const equations = new Set<NodeId>();
  const active = new Set(states);
  for (const node of nodes) {
    if (node.kind === "apply" && node.name !== undefined) equations.add(node.id);
    if (reads(node).some((id) => active.has(id)) && node.type.dtype === "real") active.add(node.id);
  }
  const isEquation = (id: NodeId): boolean => equations.has(id);
  const isOpaque = (id: NodeId): boolean => isEquation(id) || b.node(id).kind === "leaf";
  const c = coefficients(b, isOpaque);
  const derivatives = new Map<NodeId, Derivatives>();
  const isEnd = (id: NodeId): boolean => isEquation(id) || states.has(id);
  for (const id of [...equations, ...slots.map((s) => s.next)])
    if (active.has(id)) derivatives.set(id, derivativesOf(c, id, active, isEnd));
  return { c, slots, derivatives, isEquation };
}

/** Reverse accumulation inside one equation: it stops at other equations and at states. */
function derivativesOf(
  c: Coefficients,
  root: NodeId,
  active: ReadonlySet<NodeId>,
  isEnd: (id: NodeId) => boolean,
): Derivatives {
  const found = new Map<NodeId, Branches>([
    [root, { straight: identity(c, c.b.type(root).shape), bent: null }],
  ]);
  const ends = new Map<NodeId, Branches>();
  for (let id = root; id >= 0; id--) {
    const here = found.get(id);
    if (here === undefined) continue;
    const node: Node = c.b.node(id);
    if (isEnd(id) && (id !== root || node.kind === "leaf")) ends.set(id, here);
    else if (node.kind === "apply") spread(c, node, here, active, found);
  }
  return ends;
}

function spread(
  c: Coefficients,
  node: Apply,
  here: Branches,
  active: ReadonlySet<NodeId>,
  found: Map<NodeId, Branches>,
): void {
  for (const [i, arg] of node.args.entries()) {
    if (!active.has(arg)) continue;
    const local = localDerivative(c, node, i);
    if (local === null || isZero(local.map)) continue;
    const after = (l: Linear | null): Linear | null =>
      l === null ? null : compose(c, l, local.map);
    const [straight, bent] = [after(here.straight), after(here.bent)];
    const step: Branches = local.isStraight
      ? { straight, bent }
      : { straight: null, bent: join(c, straight, bent) };
    const known = found.get(arg) ?? { straight: null, bent: null };
    found.set(arg, {
      straight: join(c, known.straight, step.straight),
      bent: join(c, known.bent, step.bent),
    });
  }
}

function join(c: Coefficients, x: Linear | null, y: Linear | null): Linear | null {
  if (x === null || y === null) return x ?? y;
  const both = sum(c, x, y);
  return isZero(both) ? null : both;
}

/** Every pair of states with a path between them. Slots that only hand a value on are left out. */
export function pathsOf(step: Step): readonly BlockPaths[] {
  const { slots } = step;
  return slots
    .filter((of) => of.lag === 1)
    .flatMap((of) =>
      slots.flatMap((to) => {
        const total = counted(step, of.next, to.arg, new Map());
        if (total === 0) return [];
        const paths = enumerated(step, of, to, total > 4 * LIMIT);
        const kept = paths.slice(0, LIMIT);
        return [{ of, to, paths: kept, more: total - kept.length }];
      }),
    );
}

function counted(step: Step, from: NodeId, to: NodeId, known: Map<NodeId, number>): number {
  const there = known.get(from);
  if (there !== undefined) return there;
  let n = 0;
  for (const [id, { straight, bent }] of step.derivatives.get(from) ?? []) {
    const ways = (straight === null ? 0 : 1) + (bent === null ? 0 : 1);
    n += ways * (id === to ? 1 : step.isEquation(id) ? counted(step, id, to, known) : 0);
  }
  known.set(from, n);
  return n;
}

/** All paths; of very many, only those that are direct. */
function enumerated(step: Step, of: Slot, to: Slot, onlyDirect: boolean): readonly Path[] {
  const { c } = step;
  const paths: Path[] = [];
  const visit = (id: NodeId, through: readonly NodeId[], map: Linear, direct: boolean): void => {
    for (const [next, branches] of step.derivatives.get(id) ?? []) {
      for (const [isStraight, part] of [
        [true, branches.straight],
        [false, branches.bent],
      ] as const) {
        if (part === null || (onlyDirect && !isStraight)) continue;
        const whole = compose(c, map, part);
        if (isZero(whole)) continue;
        const straight = direct && isStraight;
        if (next === to.arg) paths.push({ through, map: whole, direct: straight });
        else if (step.isEquation(next)) visit(next, [...through, next], whole, straight);
      }
    }
  };
  const start = step.isEquation(of.next) ? [of.next] : [];
  visit(of.next, start, identity(c, of.shape), true);
  return paths.sort(
    (p, q) => Number(q.direct) - Number(p.direct) || p.through.length - q.through.length,
  );
}
