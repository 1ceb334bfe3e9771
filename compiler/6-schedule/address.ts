/** @file Addresses of elements. In: types, index expressions. Out: where an element, or what it is made
 *  of, stands in a buffer. Never looks at an op. */
import type { Expr } from "../../runtime/artifact/kernel.ts";
import { broken, invariant } from "../ir/invariant.ts";
import type { Tensor } from "../ir/ir.ts";
import type { Address } from "../ops/op.ts";
import type { Pool } from "./pool.ts";

/** The address of the element at `indices` ([seq?][batch?][…shape]). */
export function address(type: Tensor, at: readonly Expr[]): Address {
  const rest = [...at];
  const step = type.seq === null ? null : (rest.shift() ?? null);
  const sample = type.batch ? (rest.shift() ?? null) : null;
  return { step, sample, axes: rest };
}

export function indices(type: Tensor, at: Address): readonly Expr[] {
  invariant(at.axes.length === type.shape.length, "an index for every axis");
  if (type.seq === null && !type.batch) return at.axes;
  const out: Expr[] = [];
  if (type.seq !== null) out.push(present(at.step, "step"));
  if (type.batch) out.push(present(at.sample, "sample"));
  return out.concat(at.axes);
}

function present(e: Expr | null, what: string): Expr {
  return e ?? broken(`an address without its ${what}`);
}

export function mapAddress(at: Address, f: (e: Expr) => Expr): Address {
  return {
    step: at.step === null ? null : f(at.step),
    sample: at.sample === null ? null : f(at.sample),
    axes: at.axes.map(f),
  };
}

/** Where an argument of an elementwise op stands for the element at `at` of its result. */
export function broadcastTo(result: Tensor, arg: Tensor, at: Address, pool: Pool): Address {
  const extra = result.shape.length - arg.shape.length;
  return {
    step: arg.seq === null ? null : at.step,
    sample: arg.batch ? at.sample : null,
    axes: arg.shape.map((d, i) =>
      d === 1 && result.shape[extra + i] !== 1
        ? pool.shared({ lit: 0 })
        : present(at.axes[extra + i] ?? null, "axis"),
    ),
  };
}

/** The variable of an index that is var or var + number. */
export function varOf(e: Expr): readonly number[] {
  if ("var" in e) return [e.var];
  if (!("call" in e) || e.call !== "add") return [];
  const [base, offset] = e.args;
  return base !== undefined && "var" in base && offset !== undefined && "lit" in offset
    ? [base.var]
    : [];
}
