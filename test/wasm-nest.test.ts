/** @file Kernels as loops: which ranges of a join are computed side by side. */
import { expect, test } from "vitest";
import type { Kernel, Program } from "../runtime/artifact/kernel.ts";
import { nestsOf } from "../runtime/devices/wasm/nest.ts";
import { numberOf } from "../runtime/devices/wasm/poly.ts";
import { call, lit, load, mul, select, sub } from "./harness/expr.ts";
import { programBuilder } from "./harness/program.ts";
import { stackedJoins } from "./harness/programs.ts";

/** Where the results of each nest of the program's kernel begin, along its last axis. */
function begins({ stages, buffers }: Program): readonly (readonly (number | null)[])[] {
  const { kernel } = stages[0] as { readonly kernel: Kernel };
  return nestsOf(kernel, buffers).map((n) => n.results.map((r) => numberOf(r.out.base)));
}

test("ranges of one length that load the same are one nest; others are their own", () => {
  const p = programBuilder();
  const [x, u] = [p.input("input:x", ["B", 11]), p.input("input:u", ["B", 7])];
  p.output("output:y", p.kernel("y", ["B", 32], stackedJoins(x, u).columns));
  expect(begins(p.done())).toEqual([[0, 7, 18], [14], [25]]);
});

test("rows as well", () => {
  const p = programBuilder();
  const [x, u] = [p.input("input:x", ["B", 11]), p.input("input:u", ["B", 7])];
  p.output("output:y", p.kernel("y", [3, 11], stackedJoins(x, u).rows));
  expect(begins(p.done())).toEqual([[0, 11, 22]]);
});

test("ranges of fewer numbers than a vector has are their own", () => {
  const p = programBuilder();
  const x = p.input("input:x", ["B", 3]);
  const y = p.kernel("y", ["B", 6], ([b, j]) =>
    select(call("lt", j!, lit(3)), load(x, b!, j!), call("neg", load(x, b!, sub(j!, lit(3))))),
  );
  p.output("output:y", y);
  expect(begins(p.done())).toEqual([[0], [3]]);
});

test("ranges of a sum are their own", () => {
  const p = programBuilder();
  const [x, w] = [p.input("input:x", ["B", 8]), p.input("param:w", [16, 8])];
  const y = p.kernel("y", ["B", 16], ([b, j], sum) => {
    const z = sum([8], ([k]) => mul(load(w, j!, k!), load(x, b!, k!)));
    const low = mul(z, load(x, b!, j!));
    return select(call("lt", j!, lit(8)), low, mul(z, load(x, b!, sub(j!, lit(8)))));
  });
  p.output("output:y", y);
  expect(begins(p.done())).toEqual([[0], [8]]);
});
