/** @file Reports: rows that lose nothing, folders followed as they grow, pages that show the numbers of the JSON,
 *  a server that answers this machine alone. */
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Report, reportOf } from "../cli/report/facts.ts";
import { type History, openHistory } from "../cli/report/history.ts";
import { openRunReader } from "../cli/report/read.ts";
import { serveReport } from "../cli/report/server.ts";
import { reportCommand } from "../cli/report.ts";
import { RUN_FILES } from "../runtime/train/run-folder.ts";
import type { MetricsLine, StepLine } from "../runtime/train/sink.ts";
import { runCommand } from "./harness/command.ts";
import { smallRun } from "./harness/small-run.ts";

const root = mkdtempSync(join(tmpdir(), "cellc-report-"));
const folder = join(root, "run");
const other = join(root, "other");
afterAll(() => rmSync(root, { recursive: true }));
beforeAll(async () => {
  expect(await smallRun(root, "run")).toMatchObject({ code: 0 });
  expect(await smallRun(root, "other", "--set", "H=3", "--epochs", "2")).toMatchObject({ code: 0 });
}, 60_000);

const linesIn = (path: string): readonly MetricsLine[] =>
  readFileSync(join(path, RUN_FILES.metrics), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as MetricsLine);

async function json(...args: readonly string[]): Promise<Report> {
  const { code, stdout } = await runCommand(reportCommand, "report", ...args, "--json");
  expect(code).toBe(0);
  return JSON.parse(stdout) as Report;
}

describe("history", () => {
  const step = (i: number): StepLine => ({
    step: i + 1,
    epoch: 1,
    loss: Math.sin(i) + 2,
    lr: 1 / (i + 1),
    grad_norm: 1 + (i % 5),
    clipped: i % 3 === 0,
    tokens_per_s: 100 + (i % 7),
    elapsed_ms: i,
  });
  test("joins rows without losing an update, an extreme or a mean", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), (count) => {
        const reader = openHistory();
        const lines = Array.from({ length: count }, (_, i) => step(i));
        for (const line of lines) reader.add(line);
        const { steps } = reader.history();
        const mean = (of: (l: StepLine) => number): number =>
          lines.reduce((sum, l) => sum + of(l), 0) / count;
        const weighted = (of: (r: History["steps"][number]) => number): number =>
          steps.reduce((sum, r) => sum + r.updates * of(r), 0) / count;
        expect(steps.length).toBeLessThanOrEqual(601);
        expect(steps.reduce((sum, r) => sum + r.updates, 0)).toBe(count);
        expect(weighted((r) => r.loss)).toBeCloseTo(
          mean((l) => l.loss),
          9,
        );
        expect(weighted((r) => r.grad_norm)).toBeCloseTo(
          mean((l) => l.grad_norm),
          9,
        );
        expect(Math.min(...steps.map((r) => r.loss_min))).toBe(
          Math.min(...lines.map((l) => l.loss)),
        );
        expect(Math.max(...steps.map((r) => r.loss_max))).toBe(
          Math.max(...lines.map((l) => l.loss)),
        );
        expect(steps.reduce((sum, r) => sum + r.clipped, 0)).toBe(Math.ceil(count / 3));
        expect(steps.at(-1)).toMatchObject({ step: count, lr: 1 / count });
      }),
      { seed: 5, numRuns: 20 },
    );
  });
  test("keeps records of gradients and epochs evenly, the best and the last epoch always", () => {
    const reader = openHistory();
    for (let i = 1; i <= 2000; i++)
      reader.add({ step: i, epoch: 1, norm_after: 1, grad_norms: { W: i } });
    for (let epoch = 1; epoch <= 2000; epoch++) {
      const losses = { train_loss: 1, val_loss: 1, val_metrics: [] };
      reader.add({ step: epoch, epoch, ...losses, best: epoch === 1234, elapsed_ms: 0 });
    }
    const epochs = reader.history().epochs.map((e) => e.epoch);
    expect(epochs.length).toBeLessThan(603);
    expect(epochs).toEqual(expect.arrayContaining([1, 1234, 2000]));
    expect(epochs).toEqual([...epochs].sort((a, b) => a - b));
    const steps = reader.history().gradients.map((g) => g.step);
    expect(steps[0]).toBe(1);
    expect(steps.length).toBeLessThan(600);
    expect(new Set(steps.slice(1).map((s, i) => s - steps[i]!)).size).toBe(1);
  });
});

describe("a run folder", () => {
  test("is followed as it grows, and from the start where it was replaced", async () => {
    const copy = join(root, "growing");
    cpSync(folder, copy, { recursive: true });
    const path = join(copy, RUN_FILES.metrics);
    const all = readFileSync(path, "utf8");
    const lines = all.trim().split("\n");
    writeFileSync(path, "");
    const reader = await openRunReader(copy);
    expect((await reader.history()).steps).toEqual([]);
    const cut = all.indexOf('"step":3,');
    appendFileSync(path, all.slice(0, cut));
    const before = (await reader.history()).steps.length;
    expect(before).toBe(2);
    appendFileSync(path, all.slice(cut));
    const [{ steps, gradients, probes, epochs }, second] = await Promise.all([
      reader.history(),
      reader.history(),
    ]);
    expect(second.steps).toEqual(steps);
    expect(steps.length + gradients.length + probes.length + epochs.length).toBe(lines.length);
    rmSync(path);
    writeFileSync(path, `${lines.slice(0, 3).join("\n")}\n`);
    const again = await reader.history();
    expect(again.steps.length + again.gradients.length + again.probes.length).toBe(3);
  });
  test("that is none is said to be none", async () => {
    const { code, stderr } = await runCommand(reportCommand, "report", join(root, "nowhere"));
    expect(code).toBe(1);
    expect(stderr).toContain("is no run folder");
  });
});

describe("facts", () => {
  test("are those that the run recorded", async () => {
    const report = await json(folder);
    const [run] = report.runs;
    const lines = linesIn(folder);
    const steps = lines.flatMap((l) => ("loss" in l ? [l] : []));
    const epochs = lines.flatMap((l) => ("train_loss" in l ? [l] : []));
    expect(run!.steps.map((s) => s.loss)).toEqual(steps.map((s) => s.loss));
    expect(run!.epochs).toEqual(epochs);
    expect(run!.probes.map((p) => p.epoch)).toEqual([0, 1, 2, 3]);
    expect(Object.keys(run!.probes[0]!.gates!)).toEqual(["y.Keep.z"]);
    const { shares } = run!.probes[0]!.gates!["y.Keep.z"]!;
    expect(shares.reduce((sum, s) => sum + s, 0)).toBeCloseTo(1, 12);
    expect(run!.progress).toMatchObject({
      ended: "epochs",
      steps: steps.length,
      epochs: 3,
      clipped: steps.filter((s) => s.clipped).length,
    });
    expect(run!.progress.best!.val_loss).toBe(Math.min(...epochs.map((e) => e.val_loss!)));
    expect(run!.gradcheck).toMatchObject({ ok: true, backend: { name: "wasm" } });
    expect(run!.spec[0]!.text).toContain("gate z[t]");
    expect(report.differences).toEqual([]);
  });
  test("of several runs say what differs", async () => {
    const report = await json(folder, "--no-gradcheck", "--compare", other);
    expect(report.runs.map((r) => r.name)).toEqual(["run", "other"]);
    const of = new Map(report.differences.map((d) => [d.of, d.values]));
    expect(of.get("dims.H")).toEqual([4, 3]);
    expect(of.get("settings.epochs")).toEqual([3, 2]);
    expect(of.has("settings.batch")).toBe(false);
  });
  test("of a run that was stopped say so, and that it can go on", async () => {
    const reader = await openRunReader(folder);
    const config = await reader.config();
    const more = { ...config, settings: { ...config.settings, epochs: 9 } };
    const parts = { folder, artifact: reader.artifact, gradcheck: null };
    const report = reportOf([{ ...parts, config: more, history: await reader.history() }]);
    expect(report.runs[0]!.progress.ended).toBeNull();
  });
});

test("the page is one file, and has the JSON", async () => {
  const file = join(root, "page", "report.html");
  const missing = await runCommand(reportCommand, "report", folder, "--no-gradcheck", "-o", file);
  expect(missing).toMatchObject({ code: 2 });
  const path = join(root, "report.html");
  const made = await runCommand(reportCommand, "report", folder, "--no-gradcheck", "-o", path);
  expect(made).toMatchObject({ code: 0, stdout: `${path}\n` });
  const text = readFileSync(path, "utf8");
  const data = /id="data">(.*?)<\/script>/s.exec(text)![1]!;
  expect(JSON.parse(data)).toEqual(await json(folder, "--no-gradcheck"));
  expect(text).toContain("default-src &#39;none&#39;");
  expect(text).not.toContain("script-src");
  expect(text).toContain("&lt;b&gt;not markup&lt;/b&gt; &amp; no entity");
  expect(readdirSync(root)).not.toContain("page");
});

describe("the server of a live report", () => {
  /** Status, type and text of one request. */
  const ask = (
    port: string,
    path: string,
    { host = `127.0.0.1:${port}`, method = "GET" } = {},
  ): Promise<{ status: number; text: string; headers: Record<string, unknown> }> =>
    new Promise((done, failed) => {
      const options = { host: "127.0.0.1", port, path, method, headers: { host }, agent: false };
      request(options, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (piece) => {
          text += piece;
        });
        response.on("end", () =>
          done({ status: response.statusCode!, text, headers: response.headers }),
        );
      })
        .on("error", failed)
        .end();
    });

  test("answers two paths, by the name of this machine, and nothing else", async () => {
    const reader = await openRunReader(folder);
    const { artifact } = reader;
    const read = async () => {
      const [config, history] = [await reader.config(), await reader.history()];
      return reportOf([{ folder, artifact, config, history, gradcheck: null }]);
    };
    const server = await serveReport({ read, port: 0, every: 5 });
    const { port } = new URL(server.url);
    const page = await ask(port, "/");
    expect(page.status).toBe(200);
    expect(page.text).toContain("connect-src &#39;self&#39;");
    expect(page.headers["cache-control"]).toBe("no-store");
    expect((await ask(port, "/", { host: `localhost:${port}` })).status).toBe(200);
    for (const host of ["evil.example", `evil.example:${port}`, `127.0.0.1:${port}.evil.example`])
      expect((await ask(port, "/", { host })).status).toBe(403);
    for (const path of ["/metrics.jsonl", "/../config.json", "//", "/?x", "/%2e%2e/config.json"])
      expect((await ask(port, path)).status).toBe(404);
    expect((await ask(port, "/", { method: "POST" })).status).toBe(405);
    await expect(serveReport({ read, port: Number(port) })).rejects.toThrow("EADDRINUSE");
    const events = (await fetch(`${server.url}events`)).body!.getReader();
    const first = await events.read();
    await server.end();
    const pieces = [first.value!];
    for (let next = await events.read(); !next.done; next = await events.read())
      pieces.push(next.value);
    const text = Buffer.concat(pieces).toString();
    expect([...text.matchAll(/^event: (\w+)$/gm)].map(([, kind]) => kind)).toEqual([
      "update",
      "end",
    ]);
    await expect(ask(port, "/")).rejects.toThrow("ECONNREFUSED");
  });
});
