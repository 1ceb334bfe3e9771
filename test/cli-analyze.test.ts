/** @file `cellc analyze` as a user calls it: its JSON, its text, its pictures, and what it says when it cannot. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { chromium } from "playwright-core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { analyzeCommand } from "../cli/analyze.ts";
import type { Report } from "../cli/analyse/report.ts";
import { Failure } from "../cli/fail.ts";
import { initialise } from "../runtime/initialise.ts";
import { saveWeights } from "../runtime/weights.ts";
import { chromiumPath } from "./browser/browser.ts";

let folder = "";
let out = "";
let err = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cellc-"));
  out = "";
  err = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    err += String(text);
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** The exit code. */
async function cellc(...args: readonly string[]): Promise<number> {
  const program = new Command("cellc");
  analyzeCommand(program);
  for (const c of program.commands) c.exitOverride().configureOutput({ writeErr: () => {} });
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return 2;
    if (!(error instanceof Failure)) throw error;
    err += error.message;
    return error.code;
  }
}

const LSTM = ["specs/cells/lstm.cell", "--entry", "LSTM"];
const SMALL = ["--set", "D=3", "--set", "H=4", "--lags", "8", "--runs", "2"];
const ELMAN = ["specs/cells/elman.cell", "--entry", "ElmanRNN"];

describe("--json", () => {
  test("has the three layers under the documented names", async () => {
    expect(await cellc("analyze", ...LSTM, ...SMALL, "--json")).toBe(0);
    const report = JSON.parse(out) as Report;
    expect(report.jacobian.find((b) => b.of === "c" && b.to === "c")).toEqual({
      of: "c",
      to: "c",
      lag: 1,
      terms: [
        {
          text: "diag(f[t])",
          latex: "\\operatorname{diag}(f_{t})",
          through: ["c"],
          lines: ["cells/lstm.cell:18"],
          direct: true,
        },
      ],
      more: 0,
    });
    expect(report.bound[0]).toEqual({ lag: 1, value: null, log10: null });
    expect(report.unbounded).toMatch(/c\[t-1\]/);
    expect(report.measured).toHaveLength(8);
    for (const { median, min, max, log10 } of report.measured) {
      expect(min).toBeLessThanOrEqual(median!);
      expect(median).toBeLessThanOrEqual(max!);
      expect(10 ** log10.median!).toBeCloseTo(median!, 10);
    }
    expect(report.half_life).toBeGreaterThan(0);
    expect(report.lyapunov).toHaveLength(4);
    const shown = /```json\n([\s\S]*?)```/.exec(readFileSync("docs/analyze.md", "utf8"))![1]!;
    expect(Object.keys(report)).toEqual(expect.arrayContaining(Object.keys(JSON.parse(shown))));
    expect(report).toMatchObject({ runs: 2, precision: "f64", gradient_of: "outputs" });
  });

  test("the same twice; other seeds give other numbers", async () => {
    const run = async (...more: readonly string[]) => {
      out = "";
      await cellc("analyze", ...ELMAN, ...SMALL, "--json", ...more);
      return out;
    };
    const first = await run();
    expect(await run()).toBe(first);
    expect(await run("--seed", "9")).not.toBe(first);
  });

  test("of one state by another, and others beside it", async () => {
    const others = ["--compare", "specs/cells/gru.cell#GRU"];
    const code = await cellc("analyze", ...LSTM, ...SMALL, "--of", "c", "--to", "c", "--json");
    expect(code).toBe(0);
    const c = JSON.parse(out) as Report;
    out = "";
    expect(await cellc("analyze", ...LSTM, ...SMALL, ...others, "--json")).toBe(0);
    const both = JSON.parse(out) as Report & { readonly compare: readonly Report[] };
    expect(c.measured[0]!.median).toBeLessThan(both.measured[0]!.median!);
    expect(both.compare.map((r) => r.entry)).toEqual(["GRU"]);
    expect(both.compare[0]!.bound[0]!.value).toBeGreaterThan(1);
  });
});

test("text: equations with their lines, a table of some lags, a reason", async () => {
  expect(await cellc("analyze", ...LSTM, ...SMALL)).toBe(0);
  expect(out).toContain("dc[t]/dc[t-1] =\n   diag(f[t])   direct: c (lstm.cell:18)");
  expect(out).toMatch(/^ {2}1 +\d/m);
  expect(out).toContain("no finite bound: ");
  expect(out).toContain("half-life of the gradient of the outputs' sum at the last step: ");
});

test("a size that nobody gave is said", async () => {
  const few = ["--lags", "2", "--runs", "1", "--backend", "wasm"];
  expect(await cellc("analyze", ...ELMAN, "--set", "H=4", ...few)).toBe(0);
  expect(err).toContain("sizes not given: D = 64 (--set)");
});

describe("what it cannot do is said, with a way out", () => {
  const text = `import { LSTM } from "cells/lstm"
model Two<D, H> {
  input x: [T, D]
  output y = x | stack(2, forward(LSTM<H>)) | dense(1)
}
`;
  test.each<[string, readonly string[], number, RegExp]>([
    ["no file", ["nothing.cell"], 1, /there is no file nothing\.cell/],
    [
      "a state that is not there",
      [...LSTM, ...SMALL, "--of", "z"],
      2,
      /no state z; there are h, c/,
    ],
    ["a picture of another kind", [...LSTM, "--out", "x.png"], 2, /^$/],
    ["lags that are none", [...LSTM, "--lags", "0"], 2, /^$/],
  ])("%s", async (_, args, code, message) => {
    expect(await cellc("analyze", ...args)).toBe(code);
    expect(err).toMatch(message);
  });
  test("several recurrent layers", async () => {
    const file = join(folder, "two.cell");
    writeFileSync(file, text);
    expect(await cellc("analyze", file, ...SMALL)).toBe(2);
    const [, layer] = /--layer (\S+),/.exec(err)!;
    err = "";
    expect(await cellc("analyze", file, ...SMALL, "--layer", layer!, "--json")).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ layer });
  });
  test("states that leave the numbers", async () => {
    const file = join(folder, "grow.cell");
    writeFileSync(
      file,
      "cell G {\n  input x: []\n  state h: [] = 1\n  h[t] = exp(h[t-1]) + x[t]\n  output h\n}\n",
    );
    expect(await cellc("analyze", file, "--lags", "50", "--runs", "1")).toBe(1);
    expect(err).toMatch(/the states of G are not finite at step \d/);
  });
});

test("an artifact is analysed from the text it holds; options that say others are refused", async () => {
  const { compileSpec } = await import("./harness/spec.ts");
  const artifact = compileSpec({
    file: "cells/elman.cell",
    entry: "ElmanRNN",
    dims: { D: 2, H: 3 },
  });
  const file = join(folder, "elman.json");
  writeFileSync(file, JSON.stringify(artifact));
  expect(await cellc("analyze", file, "--lags", "5", "--json")).toBe(0);
  expect((JSON.parse(out) as Report).dims).toEqual({ D: 2, H: 3 });
  expect(await cellc("analyze", file, "--set", "H=4")).toBe(2);
});

describe("weights and data", () => {
  const text = `import { ElmanRNN } from "cells/elman"
model Sum<H = 3> {
  input x: [T, 1]
  output y = x | forward(ElmanRNN<H>) | last | dense(1)
}
train Sum {
  loss mse(y, sum: [1])
}
`;
  const written = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  test("the initial weights from a file give what initial weights give; another model's are refused", async () => {
    const { compileSpec } = await import("./harness/spec.ts");
    const request = { file: "cells/elman.cell", entry: "ElmanRNN", dims: { D: 3, H: 4 } };
    const artifact = compileSpec(request);
    const params = Object.fromEntries(initialise(artifact.params, 1));
    const weights = written("w.safetensors", saveWeights(artifact, params));
    const one = [...ELMAN, ...SMALL, "--runs", "1", "--json"];
    expect(await cellc("analyze", ...one)).toBe(0);
    const initial = JSON.parse(out) as Report;
    out = "";
    expect(await cellc("analyze", ...one, "--weights", weights)).toBe(0);
    const loaded = JSON.parse(out) as Report;
    for (const [k, { log10 }] of initial.measured.entries())
      expect(loaded.measured[k]!.log10.median).toBeCloseTo(log10.median!, 5);
    await expect(cellc("analyze", ...LSTM, ...SMALL, "--weights", weights)).rejects.toThrow();
  });
  test("on data: as many lags as a sample has steps, and the loss's own gradient", async () => {
    const spec = written("sum.cell", text);
    const records = Array.from({ length: 20 }, (_, i) =>
      JSON.stringify({ v: Array.from({ length: 6 }, (_, t) => Math.sin(i + t)), s: Math.cos(i) }),
    );
    written("sum.jsonl", `${records.join("\n")}\n`);
    const declaration = {
      format: "jsonl",
      files: ["sum.jsonl"],
      samples: { kind: "records" },
      inputs: { x: ["v"] },
      targets: { sum: ["s"] },
      split: { by: "rows", validation: 0.1, test: 0.3, seed: 1 },
    };
    const data = written("sum.data.json", JSON.stringify(declaration));
    expect(await cellc("analyze", spec, "--data", data, "--runs", "2", "--json")).toBe(0);
    const report = JSON.parse(out) as Report;
    expect(report).toMatchObject({ gradient_of: "loss", layer: "y.ElmanRNN", data });
    expect(report.measured).toHaveLength(6);
    expect(report.gradient.every((g) => g.median! > 0)).toBe(true);
    expect(await cellc("analyze", spec, "--data", data, "--lags", "4")).toBe(1);
    expect(err).toContain("give --lags 6 or more");
  });
});

describe("pictures", () => {
  const args = [...LSTM, ...SMALL, "--compare", "specs/cells/gru.cell#GRU"];
  const drawn = async (): Promise<{
    readonly page: string;
    readonly reports: readonly Report[];
  }> => {
    const page = join(folder, "reach.html");
    expect(await cellc("analyze", ...args, "--json", "--out", page)).toBe(0);
    const { compare, ...first } = JSON.parse(out) as Report & {
      readonly compare: readonly Report[];
    };
    return { page, reports: [first, ...compare] };
  };
  test("an SVG file, and a page whose numbers are those of the JSON", async () => {
    const svg = join(folder, "reach.svg");
    expect(await cellc("analyze", ...args, "--out", svg)).toBe(0);
    expect(readFileSync(svg, "utf8")).toMatch(/^<svg [\s\S]*<title>[^<]*LSTM; GRU/);
    out = "";
    const { page, reports } = await drawn();
    const data = /<script type="application\/json" id="data">([\s\S]*?)<\/script>/.exec(
      readFileSync(page, "utf8"),
    );
    expect(JSON.parse(data![1]!)).toEqual(reports);
  });
  const executablePath = chromiumPath();
  test.skipIf(executablePath === null)(
    `in a browser: lines are drawn, nothing is logged${executablePath === null ? ": no Chromium: install Debian's chromium or set CHROMIUM" : ""}`,
    async () => {
      const { page } = await drawn();
      const browser = await chromium.launch({
        executablePath: executablePath!,
        args: ["--no-sandbox"],
      });
      try {
        const tab = await browser.newPage();
        const messages: string[] = [];
        tab.on("console", (m) => messages.push(m.text()));
        tab.on("pageerror", (e) => messages.push(String(e)));
        await tab.goto(`file://${page}`);
        expect(await tab.locator("figure svg").count()).toBe(2);
        const lines = tab.locator("figure svg path[aria-roledescription='line mark']");
        expect(await lines.count()).toBeGreaterThan(2);
        expect(messages).toEqual([]);
      } finally {
        await browser.close();
      }
    },
    60_000,
  );
});
