/** @file Whether this engine computes what it should, before anything is trusted to it. In: what the engine
 *  has. Out: null, or what came out wrong. Never more than a few instructions: a millisecond or two, once. */
import { type Code, createCode, SIMD } from "./code.ts";
import { createModule, V128 } from "./encoder.ts";
import { createLibrary } from "./library.ts";
import type { MathFn } from "./math.ts";

const TERMS = 6;
/** In float64: what the reference device computes. */
const FUNCTIONS: readonly (readonly [MathFn, (s: number) => number])[] = [
  ["tanh", Math.tanh],
  ["sigmoid", (s) => 1 / (1 + Math.exp(-s))],
  ["exp", Math.exp],
  ["expm1", Math.expm1],
];
/** Of an element, relative to 1 + its size: float32 sums of six terms are within a tenth of it. */
const TOLERANCE = 1e-5;

const known = new Map<boolean, string | null>();

/** Of the code for engines with fused multiply-add, or without; computed once. */
export function selfTest(fused: boolean): string | null {
  const old = known.get(fused);
  if (old !== undefined) return old;
  const found = mistakeIn(computed(fused));
  known.set(fused, found);
  return found;
}

/** The first value that is wrong: f(s) for each function f, of four sums s. */
export function mistakeIn(got: ArrayLike<number>): string | null {
  for (const [f, [name, value]] of FUNCTIONS.entries())
    for (let lane = 0; lane < 4; lane++) {
      const want = value(sum(lane));
      const found = got[4 * f + lane]!;
      if (!(Math.abs(found - want) <= TOLERANCE * (1 + Math.abs(want))))
        return `its self-test gives ${found} for ${name}(${sum(lane)}), which is ${want}`;
    }
  return null;
}

const x = (lane: number, k: number): number => ((7 * lane + 5 * k) % 13) / 8 - 0.75;
const w = (k: number): number => ((11 * k) % 17) / 8 - 1;

function sum(lane: number): number {
  let s = 0;
  for (let k = 0; k < TERMS; k++) s += x(lane, k) * w(k);
  return s;
}

/** Sums of products in four lanes, as kernels add them up, then the functions of the library. */
function computed(fused: boolean): Float32Array {
  const module = createModule();
  const library = createLibrary(module, fused);
  const code = createCode(0, fused);
  const weights = 16 * TERMS;
  const results = weights + 16 * TERMS;
  const s = code.local(V128);
  code.splat(0);
  code.set(s);
  for (let k = 0; k < TERMS; k++) {
    if (!fused) code.get(s);
    at(code, () => code.load(16 * k));
    at(code, () => code.loadSplat(weights + 4 * k));
    if (fused) {
      code.get(s);
      code.simd(SIMD.madd);
    } else {
      code.simd(SIMD.mul);
      code.simd(SIMD.add);
    }
    code.set(s);
  }
  for (const [f, [name]] of FUNCTIONS.entries())
    at(code, () => {
      code.get(s);
      code.call(library.math(name));
      code.store(results + 16 * f);
    });
  const index = module.declare({ params: [], results: [] }, "run");
  module.define(index, code.body());
  module.exportAs("run", index);
  const memory = new WebAssembly.Memory({ initial: 1 });
  const words = new Float32Array(memory.buffer);
  for (let k = 0; k < TERMS; k++) {
    for (let lane = 0; lane < 4; lane++) words[4 * k + lane] = x(lane, k);
    words[weights / 4 + k] = w(k);
  }
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), {
    env: { memory },
  });
  const { run } = instance.exports;
  if (typeof run !== "function") return new Float32Array(0);
  run();
  return words.slice(results / 4, results / 4 + 4 * FUNCTIONS.length);
}

/** An access whose address is in its instruction. */
function at(code: Code, access: () => void): void {
  code.i32(0);
  access();
}
