/** @file What threads claim: every group of samples goes through every step once, in order, whoever takes it; every part
 *  of a kernel is computed once. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CLAIMS } from "../runtime/devices/wasm/claim-code.ts";
import { createModule } from "../runtime/devices/wasm/encoder.ts";
import { createLibrary } from "../runtime/devices/wasm/library.ts";
import { planOf, WORTH } from "../runtime/devices/wasm/plan.ts";
import { add, lit, load as at, mul } from "./harness/expr.ts";
import { programBuilder } from "./harness/program.ts";
import { artifactOf } from "./harness/programs.ts";
import { type Case, type CaseRun, runCase } from "./harness/run-case.ts";
import { compileSpec } from "./harness/spec.ts";
import { ALL, dealing, sines } from "./harness/threads.ts";

/** The function by itself, over words of its own. */
function claimer() {
  const module = createModule(true);
  module.exportAs("claim", createLibrary(module, false).claim());
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 16_384, shared: true });
  const { claim } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), {
    env: { memory },
  }).exports;
  const words = new Int32Array(memory.buffer, 0, CLAIMS.groups);
  return {
    words,
    /** The group and how many chunks of it were done, or null. */
    claim: (groups: number, chunks: number, own: number) => {
      const got = (claim as (...args: number[]) => number)(0, groups, chunks, own);
      return got < 0 ? null : { group: got % CLAIMS.groups, done: Math.floor(got / CLAIMS.groups) };
    },
    release: ({ group, done }: { group: number; done: number }): void => {
      words[group] = 2 * (done + 1);
    },
  };
}

describe("a claim", () => {
  test("is of the group that is least far, the thread's own before others", () => {
    const { claim, release, words } = claimer();
    expect(claim(3, 2, 0)).toEqual({ group: 0, done: 0 });
    expect(claim(3, 2, 1)).toEqual({ group: 1, done: 0 });
    release({ group: 1, done: 0 });
    expect(claim(3, 2, 1)).toEqual({ group: 2, done: 0 });
    release({ group: 2, done: 0 });
    expect(claim(3, 2, 2)).toEqual({ group: 2, done: 1 });
    release({ group: 2, done: 1 });
    expect(claim(3, 2, 2)).toEqual({ group: 1, done: 1 });
    // Group 0 has a thread, the others are done or have one: there is nothing to take.
    expect(claim(3, 2, 0)).toBeNull();
    expect(Array.from(words.subarray(0, 4))).toEqual([1, 3, 4, 0]);
  });

  test("after another, by any number of threads in any order, covers every chunk of every group once", () => {
    const sizes = fc.record({
      groups: fc.integer({ min: 1, max: CLAIMS.groups }),
      chunks: fc.integer({ min: 1, max: 40 }),
      threads: fc.integer({ min: 1, max: 5 }),
    });
    fc.assert(
      fc.property(sizes, fc.infiniteStream(fc.nat()), ({ groups, chunks, threads }, order) => {
        const { claim, release } = claimer();
        const taken = Array.from({ length: groups }, () => 0);
        type Thread = { own: number; at: { group: number; done: number } | null };
        let left: Thread[] = Array.from({ length: threads }, () => ({ own: 0, at: null }));
        for (const n of order) {
          const thread = left[n % left.length]!;
          if (thread.at !== null) release(thread.at);
          thread.at = claim(groups, chunks, thread.own);
          if (thread.at === null) left = left.filter((t) => t !== thread);
          else {
            expect(thread.at.done).toBe(taken[thread.at.group]);
            taken[thread.at.group]! += 1;
            thread.own = thread.at.group;
          }
          if (left.length === 0) break;
        }
        expect(taken).toEqual(taken.map(() => chunks));
      }),
      { seed: 3, numRuns: 60 },
    );
  });
});

describe("a plan", () => {
  const file = "cells/lstm.cell";
  const program = compileSpec({ file, entry: "LSTM", dims: { D: 128, H: 128 } }).programs.forward;
  const scan = program.stages.findIndex((s) => s.kind === "scan");
  const claimsAt = (B: number, T: number, threads: number) =>
    planOf(program, { B, T }, threads, WORTH).stages.at(scan - program.stages.length)!.claims;

  test.each([
    [32, 2, 12],
    [16, 2, 4],
    [64, 2, 24],
    [32, 4, 4],
    [128, 2, 48],
    [1024, 8, 96],
  ])("B = %i, %i threads: groups of %i", (B, threads, group) => {
    expect(claimsAt(B, 64, threads)).toMatchObject({ group });
  });
  test("where there is a group for each thread, each has its own", () => {
    expect(claimsAt(8, 256, 2)).toBeNull();
  });
  test("has few chunks of many steps", () => {
    expect(claimsAt(32, 6400, 2)).toEqual({ group: 12, chunk: 200 });
  });
});

describe("a run whose parts are claimed gives the same bits", () => {
  const dims = { D: 6, H: 17 };
  const runs = [
    { file: "cells/lstm.cell", entry: "LSTM", B: 33, T: 9, threads: 2 },
    { file: "cells/gru.cell", entry: "GRU", B: 13, T: 70, threads: 2 },
    { file: "cells/lstm.cell", entry: "LSTM", B: 30, T: 1, threads: 3 },
    { file: "cells/peephole.cell", entry: "PeepholeLSTM", B: 40, T: 33, threads: 4 },
  ].flatMap((r) => (["forward", "backward"] as const).map((direction) => ({ ...r, direction })));

  test.each(runs)("$entry $direction, B = $B, T = $T, $threads threads", async (c) => {
    const { file, entry, direction, B, T, threads } = c;
    const artifact = compileSpec({ file, entry, dims, direction });
    const sizes = { B, T };
    const program = artifact.programs.gradient!;
    const plan = planOf(program, sizes, threads, ALL);
    expect(plan.stages.filter((s) => s.claims !== null).length).toBeGreaterThan(1);
    expect(plan.stages.some((s) => s.portions > 0)).toBe(true);
    // Others before: what an earlier run left must not do for what this one does not compute.
    const runs = Array.from({ length: 9 }, (_, seed): CaseRun => {
      return { program: "gradient", sizes, inputs: sines(program, sizes, seed) };
    });
    const again: Case = { name: entry, artifact, before: runs.slice(1), ...runs[0]! };
    const [one, many] = [await runCase(dealing(1), again), await runCase(dealing(threads), again)];
    expect(many.outputs).toEqual(one.outputs);
    expect(many.report.threads).toBe(threads);
  });

  /** Specs keep sums of steps out of loops whose samples are apart, and histories of states by pointers. */
  test.each([false, true])(
    "sums, copies and lags of a scan by hand, reverse: %s",
    async (reverse) => {
      const p = programBuilder();
      const x = p.input("input:x", ["T", "B", 5]);
      const h0 = p.input("initial:h", ["B", 5]);
      const old0 = p.input("initial:old", ["B", 5]);
      const found = p.scan("T", reverse, (s) => {
        const h = s.carry("h", h0);
        const old = s.carry("old", old0);
        const row = s.slice(x);
        const next = s.kernel("next", ["B", 5], ([b, j]) =>
          add(at(row, b!, j!), mul(lit(0.5), add(at(h, b!, j!), at(old, b!, j!)))),
        );
        s.next(h, next);
        s.next(old, h);
        return [s.sum(next), s.sum(h), s.collect(h), s.collect(next), s.final(h), s.final(old)];
      });
      for (const [i, id] of found.entries()) p.output(`output:${i}`, id);
      const artifact = artifactOf(p.done());
      const program = artifact.programs.forward;
      const sizes = { B: 30, T: 11 };
      expect(planOf(program, sizes, 3, ALL).stages.at(-1)!.claims).toMatchObject({ chunk: 1 });
      const runs = Array.from({ length: 6 }, (_, seed): CaseRun => {
        return { program: "forward", sizes, inputs: sines(program, sizes, seed) };
      });
      const again: Case = { name: "by hand", artifact, before: runs.slice(1), ...runs[0]! };
      const one = await runCase(dealing(1), again);
      for (const threads of [2, 3])
        expect((await runCase(dealing(threads), again)).outputs).toEqual(one.outputs);
    },
  );
});
