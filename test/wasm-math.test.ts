/** @file The wasm device's functions of four lanes, with fused multiply-add and without, against float64 over
 *  dense samples. */
import { expect, test } from "vitest";
import { type Code, createCode } from "../runtime/devices/wasm/code.ts";
import { createModule, I32 } from "../runtime/devices/wasm/encoder.ts";
import { features } from "../runtime/devices/wasm/features.ts";
import { type MathFn, math } from "../runtime/devices/wasm/math.ts";

/** Units in the last place of normal float32 results. */
const ULPS = 2;
const SMALLEST_NORMAL = 2 ** -126;

interface Exact {
  readonly of: (x: number) => number;
  /** Where samples lie. */
  readonly from: number;
  readonly to: number;
}

const EXACT: Readonly<Record<MathFn, Exact>> = {
  exp: { of: Math.exp, from: -110, to: 90 },
  expm1: { of: Math.expm1, from: -40, to: 90 },
  log: { of: Math.log, from: -1, to: 40 },
  log1p: { of: Math.log1p, from: -1.5, to: 40 },
  tanh: { of: Math.tanh, from: -12, to: 12 },
  sigmoid: { of: (x) => 1 / (1 + Math.exp(-x)), from: -105, to: 30 },
};

// Node 20's V8 has relaxed SIMD once it was asked for features.
features();

const CASES = (Object.keys(EXACT) as MathFn[]).flatMap((fn) =>
  [false, true].map((fused) => ({ fn, fused })),
);

test.each(CASES)("$fn, fused: $fused", ({ fn, fused }) => {
  const { of, from, to } = EXACT[fn];
  const xs = samples(from, to);
  const ys = evaluate(fn, fused, xs);
  let worst = { ulps: 0, x: 0, got: 0, want: 0 };
  for (const [i, x] of xs.entries()) {
    const [got, want] = [ys[i]!, of(x)];
    const ulps = distance(got, want);
    if (!(ulps <= worst.ulps)) worst = { ulps, x, got, want };
  }
  expect(worst.ulps, JSON.stringify(worst)).toBeLessThanOrEqual(ULPS);
});

/** Evenly spaced, every binade of both signs, and the special values. */
function samples(from: number, to: number): Float32Array {
  const xs: number[] = [];
  for (let i = 0; i <= 200_000; i++) xs.push(from + ((to - from) * i) / 200_000);
  for (let e = -140; e < 128; e++)
    for (let m = 0; m < 64; m++) xs.push(2 ** e * (1 + m / 64), -(2 ** e) * (1 + m / 64));
  xs.push(0, -0, Infinity, -Infinity, Number.NaN, 3.4e38, -3.4e38);
  while (xs.length % 4 > 0) xs.push(1);
  return Float32Array.from(xs);
}

/** |got − want| in units of float32's last place at `want`, counted as 0 where both are below its normal
 *  range or the same special value. */
function distance(got: number, want: number): number {
  const rounded = Math.fround(want);
  if (Object.is(got, rounded) || (Number.isNaN(got) && Number.isNaN(want))) return 0;
  if (got === rounded) return 0;
  if (Math.abs(want) < SMALLEST_NORMAL && Math.abs(got) <= SMALLEST_NORMAL) return 0;
  if (!Number.isFinite(got) || !Number.isFinite(rounded)) return Infinity;
  const size = Math.max(Math.abs(want), SMALLEST_NORMAL);
  return Math.abs(got - want) / 2 ** (Math.floor(Math.log2(size)) - 23);
}

function evaluate(fn: MathFn, fused: boolean, xs: Float32Array): Float32Array {
  const memory = new WebAssembly.Memory({ initial: Math.ceil((8 * xs.length) / 65536) });
  new Float32Array(memory.buffer).set(xs);
  const module = createModule();
  const index = module.declare({ params: [I32, I32], results: [] }, fn);
  const code = createCode(2, fused);
  const value = math(fn, code, (c: Code) => {
    c.get(0);
    c.load(0);
  });
  code.get(1);
  value(code);
  code.store(0);
  module.define(index, code.body());
  module.exportAs("run", index);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), {
    env: { memory },
  });
  const { run } = exports;
  if (typeof run !== "function") throw new Error("no function");
  const base = 4 * xs.length;
  for (let i = 0; i < xs.length; i += 4) run(4 * i, base + 4 * i);
  return new Float32Array(memory.buffer, base, xs.length);
}
