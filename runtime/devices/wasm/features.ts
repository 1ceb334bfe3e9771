/** @file What the engine's WebAssembly can do. In: nothing. Out: answers by validating tiny modules. */
import { createCode, SIMD } from "./code.ts";
import { createModule, V128 } from "./encoder.ts";

export interface Features {
  readonly simd: boolean;
  /** Relaxed SIMD's fused multiply-add. */
  readonly fused: boolean;
}

export function features(): Features {
  return { simd: validates(SIMD.add, 2), fused: validates(SIMD.madd, 3) };
}

function validates(op: number, operands: number): boolean {
  if (typeof WebAssembly !== "object") return false;
  const module = createModule();
  const code = createCode(operands);
  for (let i = 0; i < operands; i++) code.get(i);
  code.simd(op);
  module.define(
    module.declare(
      { params: Array.from({ length: operands }, () => V128), results: [V128] },
      "probe",
    ),
    code.body(),
  );
  return WebAssembly.validate(module.encode());
}
