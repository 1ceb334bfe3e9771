/** @file The pure parts of the benchmark: medians, exponents, check values, ratios, targets, the report. No
 *  time is measured here. */
import { describe, expect, test } from "vitest";
import agreed from "../bench/lib/agreed.json" with { type: "json" };
import { checkedBy } from "../bench/lib/checks.mjs";
import { seriesOf } from "../bench/lib/growth.mjs";
import { optionsOf } from "../bench/lib/options.mjs";
import { PEERS } from "../bench/lib/peers.mjs";
import { planOf } from "../bench/lib/plan.mjs";
import { report } from "../bench/lib/report.mjs";
import { caseName, fastest, type Sample, rowsOf, speedup } from "../bench/lib/rows.mjs";
import { exponent, median, short, upperExponent } from "../bench/lib/stats.mjs";
import { slowerThan, verdicts } from "../bench/lib/targets.mjs";
import workloads from "../bench/workloads.json" with { type: "json" };

const LSTM = { cell: "lstm", T: 64, B: 32, I: 128, H: 128 };
const TOKENS = 64 * 32;

function sample(peer: string, ms: number, more: Partial<Sample> = {}): Sample {
  return {
    peer,
    version: "1",
    workload: "W2",
    params: LSTM,
    threads: 1,
    median_ms: ms,
    min_ms: ms / 2,
    tokens_per_s: (1000 * TOKENS) / ms,
    gflops: 100 / ms,
    check: 0.0728575,
    ...more,
  };
}

const rows = (...samples: Sample[]) => rowsOf(samples, (s) => checkedBy(s, agreed as never));
const found = (samples: Sample[], measures: readonly Record<string, unknown>[] = []) => ({
  rows: rows(...samples),
  limits: { "wasm f32x4 multiply-add peak, 1 thread": { gflops: 40, threads: 1 } },
  measures,
});

describe("numbers", () => {
  test("medians of odd, even and no samples", () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([])]).toEqual([2, 2.5, Number.NaN]);
  });

  test("the exponent of a power is found; one point has none", () => {
    const points = [1, 2, 5, 9].map((x) => [x, 3 * x ** 1.7] as const);
    expect(exponent(points)).toBeCloseTo(1.7, 12);
    expect(exponent([[2, 3]])).toBeNull();
    expect(
      exponent([
        [2, 3],
        [2, 4],
      ]),
    ).toBeNull();
  });

  test("a fixed cost hides growth in the lower half only", () => {
    const points = [1, 2, 4, 64, 128, 256].map((x) => [x, 50 + x * x] as const);
    expect(exponent(points)!).toBeLessThan(1.6);
    expect(upperExponent(points)!).toBeGreaterThan(1.8);
  });

  test("three digits for people", () => {
    expect([0, 0.012345, 4.5678, 123.4, 45678, 1234567].map(short)).toEqual([
      "0",
      "0.0123",
      "4.57",
      "123",
      "46k",
      "1.23M",
    ]);
    expect([short(null), short(Number.NaN)]).toEqual(["–", "–"]);
  });
});

describe("check values", () => {
  const of = (over: Partial<Sample>) => checkedBy({ ...sample("x", 1), ...over }, agreed as never);
  const training = { workload: "W3", params: { cell: "lstm", bidirectional: false } };

  test("agreed, another variant's, wrong, of a slow peer, not to be compared", () => {
    expect(of({})).toBe("ok");
    expect(of({ check: 0.0729 })).toMatch(/^wrong: 0.0729, 0.0728575 is agreed/);
    expect(of({ ...training, check: [0.334675, 0.334229, 0.333821] })).toBe("ok");
    expect(of({ ...training, check: [0.334675, 0.334213, 0.333797] })).toBe(
      "ok (two biases a gate)",
    );
    expect(of({ ...training, check: [0.334675, 0.334229] })).toBe("ok");
    expect(of({ ...training, check: [0.334675, 0.334675, 0.334675] })).toMatch(/^wrong/);
    const normalised = { workload: "W6", params: { cell: "layernorm" } };
    expect(of({ ...normalised, check: [0.373256, 0.37014, 0.3667] })).toBe("ok");
    expect(of({ ...normalised, check: [0.373256, 0.373256, 0.3667] })).toMatch(/^wrong/);
    expect(of({ ...training, check: [0.334675, 0.334229, 0.333821, 1] })).toMatch(/^wrong/);
    expect(of({ check: Number.NaN })).toMatch(/^wrong: null is not finite/);
    expect(of({ check: 17, note: "own weights" })).toBe("own weights: finite");
    expect(of({ params: { cell: "lstm", H: 7 } })).toBe("no value agreed");
  });

  test("every case of W1 to W6 that is checked has an agreed value", () => {
    const cases = Object.entries(workloads).filter(([name]) => /^W[12346]$/.test(name));
    for (const [workload, { cases: list }] of cases)
      for (const params of list)
        expect(checkedBy({ workload, params, check: 1 }, agreed as never)).toMatch(/is agreed$/);
  });
});

describe("rows", () => {
  test("a row is the median of rounds; its rates are those of the median time", () => {
    const [row] = rows(sample("a", 8), sample("a", 2), sample("a", 4));
    expect(row).toMatchObject({ median_ms: 4, min_ms: 1, rounds: 3, gflops: 25, checked: "ok" });
    expect(row!.tokens_per_s).toBe((1000 * TOKENS) / 4);
  });

  test("one wrong round makes the row wrong; an error makes none", () => {
    const wrong = rows(sample("a", 8), sample("a", 4, { check: 9 }));
    expect(wrong[0]!.checked).toMatch(/^wrong/);
    const { median_ms: _, ...failed } = sample("a", 1);
    expect(rows({ ...failed, error: "out of memory" })).toEqual([]);
  });

  test("the best is the fastest by tokens, never one with wrong numbers", () => {
    const all = rows(
      sample("batch", 10),
      sample("one sequence", 1, { tokens_per_s: 64_000 }),
      sample("wrong", 0.1, { check: 1 }),
    );
    expect(fastest(all)?.peer).toBe("batch");
    expect(speedup(all[0]!, all[1]!)).toBeCloseTo(3.2, 12);
    expect(fastest([])).toBeNull();
  });

  test("cases have names", () => {
    expect(caseName({ cell: "lstm", H: 8, bidirectional: true, layers: 2 })).toBe("BiLSTM×2 H = 8");
    expect(caseName({ cell: "layernorm", H: 8 })).toBe("layer-norm LSTM H = 8");
  });
});

describe("targets", () => {
  const verdict = (f: ReturnType<typeof found>, part: string) =>
    verdicts(f).filter((v) => `${v.workload} ${v.target}`.includes(part));

  test("thread for thread, JavaScript and native apart", () => {
    const f = found([
      sample("cellc", 10),
      sample("cellc", 5, { threads: 2 }),
      sample("onnxruntime-web", 12),
      sample("onnxruntime-web", 7, { threads: 2 }),
      sample("onnxruntime-node", 4),
    ]);
    expect(verdict(f, "W2").map((v) => [v.target, v.measured, v.met])).toEqual([
      [
        "LSTM H = 128, 1 thread: ≥ 1.3 × the best JavaScript peer",
        "1.20 × (onnxruntime-web; minima 1.20 ×)",
        false,
      ],
      [
        "LSTM H = 128, 2 threads: ≥ 1.3 × the best JavaScript peer",
        "1.40 × (onnxruntime-web; minima 1.40 ×)",
        true,
      ],
      [
        "LSTM H = 128, 1 thread: ≥ 0.35 × the best native peer",
        "0.40 × (onnxruntime-node; minima 0.40 ×)",
        true,
      ],
      ["a second thread ≥ 1.6 ×", "not measured", null],
    ]);
  });

  test("a second thread by the calls that took turns with one while there were two cores", () => {
    const pair = { measure: "pairs", peer: "cellc", workload: "W2", params: LSTM, threads: [1, 2] };
    const there = { turns: 12, of: 20, median_ms: [10, 5] };
    const line = { ...pair, median_ms: [10, 8], min_ms: [9, 5], second_core: 1.7, there };
    const alone = { ...line, threads: [1, 1] };
    const slow = { ...line, there: { ...there, median_ms: [10, 8] } };
    const never = { ...line, peer: "cellc 256", there: null };
    expect(
      verdict(found([], [line, alone, slow, never]), "a second thread").map((v) => [
        v.target,
        v.measured,
        v.met,
      ]),
    ).toEqual([
      [
        "LSTM H = 128: a second thread ≥ 1.6 ×",
        "2.00 × (12 of 20 turns; 1.25 × over all, bare multiply-adds 1.70 ×)",
        true,
      ],
      ["LSTM H = 128: a second thread ≥ 1.6 ×", "not measured", null],
      [
        "LSTM H = 128: a second thread ≥ 1.6 ×",
        "1.25 × (12 of 20 turns; 1.25 × over all, bare multiply-adds 1.70 ×)",
        false,
      ],
      [
        "LSTM H = 128, 256-bit vectors: a second thread ≥ 1.6 ×",
        "1.25 × (the second core was never there)",
        false,
      ],
    ]);
  });

  test("what was not measured is neither met nor missed", () => {
    const all = verdicts({ rows: [], limits: {}, measures: [] });
    expect(all.length).toBeGreaterThan(15);
    expect(all.every((v) => v.met === null && v.measured === "not measured")).toBe(true);
  });

  test("products against the peak of the same run", () => {
    const products = { workload: "products", params: { ...LSTM, cell: "products" } };
    const at = (gflops: number) =>
      verdict(found([sample("cellc", 1, { ...products, gflops, check: null })]), "60 %")[0]!;
    expect(at(30)).toMatchObject({ met: true, measured: "75 % (30.0 of 40.0 GFLOP/s)" });
    expect(at(20).met).toBe(false);
  });

  test("compile time, streaming, backends", () => {
    const compile = (T: number, cold_ms: number) => ({
      measure: "compile",
      T,
      cold_ms,
      warm_ms: 9,
    });
    const stream = { measure: "streaming", steps: 1e6, largest_change_mb: -1.5, collections: 0 };
    const f = found([], [compile(16, 200), compile(4096, 230), stream]);
    expect(verdict(f, "compile").map((v) => v.met)).toEqual([true, false]);
    expect(verdict(f, "streaming").map((v) => v.met)).toEqual([false, true]);
    const quick = found([], [{ ...stream, steps: 1000 }]);
    expect(verdict(quick, "streaming").map((v) => v.met)).toEqual([null, null]);
  });

  test("a spec is slower where another backend takes less, or wasm fails", () => {
    expect(slowerThan({ run_ms: { wasm: 1, cpu: 2 }, grad_ms: { wasm: 2, cpu: 1 } })).toEqual([
      "grad: cpu",
    ]);
    expect(slowerThan({ run_ms: { cpu: 2 }, grad_ms: { wasm: 1, cpu: 2 } })).toEqual(["run: cpu"]);
  });
});

test("growth is read above the least memory", () => {
  const at = (T: number, ms: number, peak_mb: number) =>
    sample("cellc", ms, {
      workload: "W7",
      params: { vary: "T", cell: "lstm", T, B: 8, H: 64 },
      peak_mb,
    });
  const [series] = seriesOf(rows(at(256, 4, 120), at(64, 1, 100)));
  expect(series).toMatchObject({ kind: "inference", vary: "T", peer: "cellc" });
  expect(series!.times).toEqual([
    [64, 1],
    [256, 4],
  ]);
  expect(series!.memory).toEqual([
    [64, 0],
    [256, 20],
  ]);
});

describe("the plan", () => {
  const all = { peers: PEERS, workloads, only: null, threads: [1, 2], rounds: 2, quick: false };

  test("peers take turns within a workload, beginning with another each round", () => {
    const jobs = planOf({ ...all, only: ["W1"] });
    expect(jobs.map((j) => j.round)).toEqual([...jobs.map((j) => j.round)].sort());
    const first = [0, 1].map((round) => jobs.find((j) => j.round === round)!.peer.name);
    expect(new Set(first).size).toBe(2);
    expect(jobs.filter((j) => j.peer.name === "jax-js")).toHaveLength(2);
    expect(jobs.filter((j) => j.peer.name === "cellc")).toHaveLength(4);
    expect(jobs.filter((j) => j.peer.name === "tfjs-cpu")).toHaveLength(1);
  });

  test("growth has a process a case, once; a cold start several", () => {
    const growth = planOf({ ...all, only: ["W7"] }).filter((j) => j.peer.name === "cellc");
    expect(growth).toHaveLength(workloads.W7.cases.length);
    expect(planOf({ ...all, only: ["W5"] }).filter((j) => j.peer.name === "cellc")).toHaveLength(6);
  });
});

test("options: what is wrong is named", () => {
  const known = { workloads: ["W1", "W2"], peers: ["brain.js"] };
  const of = (...argv: string[]) => optionsOf(argv, known, 1);
  expect(of("--only", "W1,limits", "--peers", "none").options).toMatchObject({
    only: ["W1", "limits"],
    peers: [],
    threads: [1],
    leftOut: [2],
    rounds: 3,
  });
  expect(of("--only", "W9").wrong).toMatch(/no workload W9; there are W1, W2, limits/);
  expect(of("--peers", "brian.js").wrong).toMatch(/no peer brian.js; there are brain.js/);
  expect(of("--rounds", "0").wrong).toMatch(/whole number from 1/);
  expect(of("--fast").wrong).toMatch(/--fast/);
});

test("the report names what was left out, and who was busy", () => {
  const text = report({
    ...found([sample("cellc", 10, { others: 1 }), sample("onnxruntime-node", 4)]),
    date: "2026-01-01",
    machine: { CPU: "one" },
    run: { command: "npm run bench", rounds: 1, quick: true, interrupted: true },
    missing: [{ peer: "pytorch", workload: null, threads: null, reason: "apt-get needs root" }],
  });
  expect(text).toContain("| pytorch | all | all | apt-get needs root |");
  expect(text).toContain("| **cellc** | 1 | 10.0 ms | 5.00 ms |");
  expect(text).toContain("interrupted: rows measured until then");
  expect(text).toContain("**not quiet**: in 1 of 2 rows");
  expect(text).not.toContain("undefined");
  expect(text).not.toContain("NaN");
});
