/** @file What the engine's WebAssembly can do. In: nothing. Out: answers by validating tiny modules. */
import { SIMD } from "./code.ts";
import { hasFlag, nodesV8, processor, setFlag } from "./engine.ts";
import { unsigned, V128 } from "./encoder.ts";

export interface Features {
  readonly simd: boolean;
  /** Relaxed SIMD: fused multiply-add, choosing lanes by one instruction. */
  readonly fused: boolean;
  /** What tiles its compiler keeps in registers. */
  readonly tiles: "small" | "large";
}

/**
 * Of tiles: V8 before 13 moves registers of larger tiles to memory, which takes twice as long (measured with 12.4 and 12.9
 * against 13.6 and 14.6); nothing of WebAssembly tells them apart, but none that old has Float16Array.
 */
export function features(): Features {
  known ??= found();
  return known;
}

let known: Features | null = null;

/**
 * Node 20's V8 is the last to have relaxed SIMD behind a flag, as the next has it without. The flag lets modules hold its
 * instructions and changes none that do not. Node's own option `--no-experimental-wasm-relaxed-simd` keeps it off.
 */
function relax(): void {
  if (nodesV8() !== "11.3" || processor() !== "x64" || hasFlag(`--no-${RELAXED}`)) return;
  setFlag(`--${RELAXED}`);
}

const RELAXED = "experimental-wasm-relaxed-simd";

function found(): Features {
  relax();
  const fused = validates(SIMD.madd, 3);
  return {
    simd: validates(SIMD.add, 2),
    fused,
    tiles: fused && "Float16Array" in globalThis ? "large" : "small",
  };
}

/** A module of one function that applies the instruction to its parameters: written out, since every start waits. */
function validates(op: number, operands: number): boolean {
  if (typeof WebAssembly !== "object") return false;
  const vectors = Array.from({ length: operands }, () => V128);
  const type = [0x60, operands, ...vectors, 1, V128];
  const arguments_ = vectors.flatMap((_, i) => [0x20, i]);
  const body = [0, ...arguments_, 0xfd, ...unsigned(op), 0x0b];
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const sections = [
    [1, type.length + 1, 1, ...type],
    [3, 2, 1, 0],
    [10, body.length + 2, 1, body.length, ...body],
  ];
  return WebAssembly.validate(Uint8Array.from([...header, ...sections.flat()]));
}
