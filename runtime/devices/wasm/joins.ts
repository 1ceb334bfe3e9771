/** @file Joins as copies of memory. In: a kernel. Out: the function that copies its parts, or null where it
 *  does more than put whole blocks one after another. Never moves an element by itself. */
import type { Buffer, BufferId, Expr, Kernel } from "../../artifact/kernel.ts";
import { createCode, OP } from "./code.ts";
import { type KernelTarget, type Piece, pieceParams, WHOLE } from "./kernel-code.ts";
import { FRAME } from "./scope.ts";

/** The first elements of `source`, to where the last block ended. */
interface Block {
  readonly source: BufferId;
  readonly elements: number;
}

/** What threads share of it is nothing: one copies all. `name` is for profilers. */
export function emitJoin(
  kernel: Kernel,
  buffers: readonly Buffer[],
  target: KernelTarget,
  name: string,
): Piece | null {
  const blocks = blocksOf(kernel, buffers);
  if (blocks === null) return null;
  const params = pieceParams(target);
  const index = target.module.declare({ params, results: [] }, name);
  const code = createCode(params.length);
  const address = (buffer: BufferId): void => {
    code.get(FRAME);
    code.loadI32(target.frame.address(buffer));
  };
  let at = 0;
  for (const { source, elements } of blocks) {
    address(kernel.out);
    code.i32(4 * at);
    code.op(OP.i32Add);
    address(source);
    code.i32(4 * elements);
    code.copyMemory();
    at += elements;
  }
  target.module.define(index, code.body());
  return { index, rows: WHOLE, columns: null };
}

/**
 * select(v < n₁, A[v, …], select(v < n₂, B[v − n₁, …], …)) along an axis v with none longer than 1 before it:
 * the blocks A, B, … Null where the value, or a size, is anything else.
 */
function blocksOf({ axes, reductions, value }: Kernel, buffers: readonly Buffer[]): Block[] | null {
  const extents = axes.filter((e) => typeof e === "number");
  if (reductions.length > 0 || extents.length < axes.length) return null;
  const first = extents.findIndex((e) => e > 1);
  const v = Math.max(first, 0);
  const inner = extents.slice(v + 1);
  const row = inner.reduce((n, e) => n * e, 1);
  const blocks: Block[] = [];
  /** Appends rows [from, to), if `piece` loads them whole. */
  const append = (piece: Expr, from: number, to: number): boolean => {
    if (!("load" in piece) || !(from < to)) return false;
    const { shape } = buffers[piece.load]!;
    const isWhole = piece.at.every((index, axis) =>
      axis === v ? isRow(index, v, from) : "var" in index && index.var === axis,
    );
    const fits = shape.every((e, axis) =>
      axis <= v ? typeof e === "number" && (axis < v || e >= to - from) : e === extents[axis],
    );
    blocks.push({ source: piece.load, elements: (to - from) * row });
    return isWhole && fits && shape.length === axes.length;
  };
  let rest = value;
  let from = 0;
  while ("call" in rest && rest.call === "select") {
    const [condition, piece, others] = rest.args;
    const to = endOf(condition!, v);
    if (to === null || !append(piece!, from, to)) return null;
    rest = others!;
    from = to;
  }
  return append(rest, from, extents[v] ?? 1) ? blocks : null;
}

/** n, of v < n for a whole number n. */
function endOf(condition: Expr, v: number): number | null {
  if (!("call" in condition) || condition.call !== "lt") return null;
  const [a, b] = condition.args;
  if (a === undefined || !("var" in a) || a.var !== v) return null;
  return b !== undefined && "lit" in b && Number.isInteger(b.lit) ? b.lit : null;
}

/** v − from? */
function isRow(index: Expr, v: number, from: number): boolean {
  if (from === 0) return "var" in index && index.var === v;
  if (!("call" in index) || index.call !== "add") return false;
  const [a, b] = index.args;
  return (
    a !== undefined && "var" in a && a.var === v && b !== undefined && "lit" in b && b.lit === -from
  );
}
