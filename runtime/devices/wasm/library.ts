/** @file Functions that kernels share. In: a module being built. Out: their indices, each defined once and
 *  only where it is used. */
import { CLAIM, claimBody } from "./claim-code.ts";
import { createCode } from "./code.ts";
import { F64, type FunctionBody, type ModuleBuilder, type Signature, V128 } from "./encoder.ts";
import type { Frame } from "./frame.ts";
import { type MathFn, math } from "./math.ts";
import { emitPow } from "./pow.ts";
import { FOLLOW, followBody, MEET, meetBody, SHARE, shareBody } from "./share-code.ts";

export interface Library {
  /** v128 → v128. */
  math(fn: MathFn): number;
  /** (f64, f64) → f64. */
  pow(): number;
  /** SHARE: where a thread's part of a range begins. */
  share(): number;
  /** CLAIM: what a thread computes next of a scan. */
  claim(): number;
  /** MEET: waits for the other threads. */
  meet(frame: Frame): number;
  /** FOLLOW: waits for rows that are computed ahead. */
  follow(frame: Frame): number;
}

export function createLibrary(module: ModuleBuilder, fused: boolean): Library {
  const known = new Map<string, number>();
  const once = (name: string, make: () => number): number => {
    const index = known.get(name) ?? make();
    known.set(name, index);
    return index;
  };
  const defined = (name: string, signature: Signature, body: FunctionBody): number => {
    const index = module.declare(signature, name);
    module.define(index, body);
    return index;
  };
  return {
    math: (fn) =>
      once(fn, () => {
        const index = module.declare({ params: [V128], results: [V128] }, fn);
        const code = createCode(1, fused);
        math(fn, code, (c) => c.get(0))(code);
        module.define(index, code.body());
        return index;
      }),
    pow: () =>
      once("pow", () => {
        const index = module.declare({ params: [F64, F64], results: [F64] }, "pow");
        const code = createCode(2);
        emitPow(code);
        module.define(index, code.body());
        return index;
      }),
    share: () => once("share", () => defined("share", SHARE, shareBody())),
    claim: () => once("claim", () => defined("claim", CLAIM, claimBody())),
    meet: (frame) => once("meet", () => defined("meet", MEET, meetBody(frame))),
    follow: (frame) => once("follow", () => defined("follow", FOLLOW, followBody(frame))),
  };
}
