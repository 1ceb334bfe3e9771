/** @file The wasm device in processes of their own: the runtime bundled into one file ends by itself with its
 *  threads asleep; an engine with relaxed SIMD gets the reference's numbers. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { nodesV8 } from "../runtime/devices/wasm/engine.ts";
import type { GradcheckReport } from "../runtime/index.ts";
import { compileSpec, ROOT } from "./harness/spec.ts";

/** Reads an artifact and sizes from its arguments; leaves its model open. */
const USER = `
import { readFileSync } from "node:fs";
import { wasmDevice } from "./runtime/devices/wasm.ts";
import { gradcheck, load } from "./runtime/index.ts";
const [file, B, T] = process.argv.slice(2);
const artifact = readFileSync(file, "utf8");
const model = await load(artifact, { backend: "wasm", threads: 2, seed: 1 });
const x = Array.from({ length: B }, () => Array.from({ length: T }, (_, t) => Array(16).fill(t / T)));
const { outputs } = await model.run({ inputs: { x } });
const report = await gradcheck(JSON.parse(artifact), { devices: [wasmDevice], B: 5, T: 4, samples: 0 });
console.log(JSON.stringify({ backend: model.backend, size: outputs.h.data.length, report }));
`;

const folder = mkdtempSync(join(tmpdir(), "cellc-process-"));
const script = join(folder, "user.mjs");
const artifact = join(folder, "lstm.json");

beforeAll(async () => {
  await build({
    stdin: { contents: USER, resolveDir: ROOT },
    outfile: script,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    external: ["gpu.js"],
  });
  const spec = compileSpec({ file: "cells/lstm.cell", entry: "LSTM", dims: { D: 16, H: 33 } });
  writeFileSync(artifact, JSON.stringify(spec));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Told {
  readonly backend: { readonly executor: string; readonly threads: number };
  readonly size: number;
  readonly report: GradcheckReport;
}

async function user(flags: readonly string[]): Promise<Told> {
  const args = [...flags, script, artifact, "32", "64"];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 55_000 });
  return JSON.parse(stdout) as Told;
}

test("a process ends by itself with its threads asleep", async () => {
  const { backend, size } = await user([]);
  expect(backend.threads).toBe(2);
  expect(size).toBe(32 * 64 * 33);
});

/** Node 20's V8 is asked for relaxed SIMD, unless Node is told otherwise. */
const OFF = nodesV8() === "11.3" ? ["--no-experimental-wasm-relaxed-simd"] : [];

test.each([
  { flags: [] as string[], executor: "relaxed-simd" },
  ...OFF.map((flag) => ({ flags: [flag], executor: "simd" })),
])(
  "with $flags values and gradients are the reference's, by $executor",
  async ({ flags, executor }) => {
    const { backend, report } = await user(flags);
    expect(backend).toMatchObject({ executor, threads: 2 });
    expect(report.backends).toHaveLength(1);
    expect(report.backends.filter((b) => !b.ok)).toEqual([]);
    expect(report.backends[0]!.backend.executor).toBe(executor);
  },
);
