/** @file Elementwise ops of one, two or three values without boilerplate. In: scalar mathematics.
 *  Out: a MapOp. Never knows a particular op. */
import type { Expr } from "../../runtime/artifact/kernel.ts";
import type { Builder } from "../ir/builder.ts";
import { invariant } from "../ir/invariant.ts";
import type { Attrs, Dim, NodeId } from "../ir/ir.ts";
import type { Interval, MapOp, Param, Probe } from "./op.ts";

interface Common {
  /** As in `OpDef`; null where users write an operator or only the compiler makes it. */
  readonly spec: MapOp["spec"];
  readonly doc: string;
  readonly params?: readonly Param[];
  /** How to sample; `attrs` are those of every case. */
  readonly probe: Omit<Probe, "cases"> & { readonly attrs?: Attrs };
}

interface Unary extends Common {
  readonly value: (x: number, attrs: Attrs) => number;
  readonly vjp: (c: {
    b: Builder;
    x: NodeId;
    y: NodeId;
    dy: NodeId;
    attrs: Attrs;
  }) => NodeId | null;
  readonly emit: (x: Expr, attrs: Attrs) => Expr;
  readonly range: (x: Interval, attrs: Attrs) => Interval;
}

export function unary(op: Unary): MapOp {
  return {
    form: "map",
    arity: 1,
    spec: op.spec,
    doc: op.doc,
    params: op.params ?? [],
    value: ([x], attrs) => op.value(given(x), attrs),
    vjp: ({ b, args: [x], y, dy, attrs }) => [op.vjp({ b, x: given(x), y, dy, attrs })],
    emit: ([x], attrs) => op.emit(given(x), attrs),
    range: ([x], attrs) => op.range(given(x), attrs),
    probe: probe(op.probe, [[[]], [[3]], [[2, 3]]]),
  };
}

interface Binary extends Common {
  readonly value: (x: number, y: number) => number;
  readonly vjp: (c: {
    b: Builder;
    p: NodeId;
    q: NodeId;
    y: NodeId;
    dy: NodeId;
  }) => readonly [NodeId | null, NodeId | null];
  readonly emit: (x: Expr, y: Expr) => Expr;
  readonly range: (x: Interval, y: Interval) => Interval;
}

export function binary(op: Binary): MapOp {
  return {
    form: "map",
    arity: 2,
    spec: op.spec,
    doc: op.doc,
    params: op.params ?? [],
    value: ([x, y]) => op.value(given(x), given(y)),
    vjp: ({ b, args: [p, q], y, dy }) => op.vjp({ b, p: given(p), q: given(q), y, dy }),
    emit: ([x, y]) => op.emit(given(x), given(y)),
    range: ([x, y]) => op.range(given(x), given(y)),
    probe: probe(op.probe, [
      [[], []],
      [[3], [3]],
      [[2, 3], [3]],
      [[], [2, 3]],
      [
        [2, 1],
        [1, 3],
      ],
    ]),
  };
}

interface Ternary extends Common {
  readonly value: (x: number, y: number, z: number) => number;
  readonly vjp: (c: {
    b: Builder;
    args: readonly [NodeId, NodeId, NodeId];
    dy: NodeId;
  }) => readonly [NodeId | null, NodeId | null, NodeId | null];
  readonly emit: (x: Expr, y: Expr, z: Expr) => Expr;
  readonly range: (x: Interval, y: Interval, z: Interval) => Interval;
}

export function ternary(op: Ternary): MapOp {
  return {
    form: "map",
    arity: 3,
    spec: op.spec,
    doc: op.doc,
    params: op.params ?? [],
    value: ([x, y, z]) => op.value(given(x), given(y), given(z)),
    vjp: ({ b, args: [x, y, z], dy }) => op.vjp({ b, args: [given(x), given(y), given(z)], dy }),
    emit: ([x, y, z]) => op.emit(given(x), given(y), given(z)),
    range: ([x, y, z]) => op.range(given(x), given(y), given(z)),
    probe: probe(op.probe, [
      [[], [], []],
      [[3], [3], [3]],
      [[3], [2, 3], []],
      [[2, 1], [3], [1, 3]],
    ]),
  };
}

function given<T>(x: T | undefined): T {
  invariant(x !== undefined, "an op got fewer arguments than its arity");
  return x;
}

function probe(p: Unary["probe"], shapes: readonly (readonly (readonly Dim[])[])[]): Probe {
  const { attrs, ...rest } = p;
  return { ...rest, cases: shapes.map((s) => (attrs ? { shapes: s, attrs } : { shapes: s })) };
}
