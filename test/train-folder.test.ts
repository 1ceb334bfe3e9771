/** @file Run folders: what a run leaves on disk, what damages it and what cannot. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeCheckpoint } from "../runtime/checkpoint.ts";
import type { DataDecl } from "../runtime/data/declaration.ts";
import { referenceDevice } from "../runtime/devices/reference.ts";
import { openModel } from "../runtime/model.ts";
import { type TrainRequest, train } from "../runtime/train.ts";
import { parseConfig } from "../runtime/train/run-config.ts";
import { createRunFolder, folderSink, RUN_FILES, readConfig } from "../runtime/train/run-folder.ts";
import { resolveSettings } from "../runtime/train/settings.ts";
import { memorySink, type RunSink } from "../runtime/train/sink.ts";
import { accepted, refused } from "./harness/data.ts";
import { type Task, taskOf } from "./harness/training.ts";

const decl: DataDecl = {
  format: "csv",
  files: ["points.csv"],
  columns: { a: { normalise: "standard" } },
  samples: { kind: "records" },
  inputs: { x: ["a"] },
  targets: { target: ["t"] },
  split: { by: "rows", validation: 0.2, seed: 3 },
};
const csv = `a,t\n${Array.from({ length: 30 }, (_, i) => `${i % 7},${3 * (i % 7) - 1}`).join("\n")}\n`;
const spec = `model Line<D = 1> {
  input x: [D]
  output y = x | dense(1)
}

train Line {
  loss mse(y, target: [1])
  optimizer adam(lr = 0.05)
  batch 4
  epochs 4
}
`;

const root = mkdtempSync(join(tmpdir(), "cellc-run-"));
afterAll(() => rmSync(root, { recursive: true }));
let task: Task;
beforeAll(async () => {
  task = await taskOf(spec, "Line", decl, csv);
});

async function start(folder: string): Promise<RunSink> {
  const settings = accepted(resolveSettings(task.artifact));
  const config = {
    settings,
    data: decl,
    dataFolder: "/data",
    fitted: task.dataset.fitted,
    backend: "reference",
    versions: { cellc: "0.1.0" },
  };
  return accepted(await createRunFolder(folder, config, JSON.stringify(task.artifact)));
}

async function run(sink: RunSink, more: Partial<TrainRequest> = {}) {
  const { artifact, dataset } = task;
  const { session } = await openModel(artifact, referenceDevice, 0);
  const settings = accepted(resolveSettings(artifact));
  return accepted(
    await train({ artifact, dataset, session, settings, clock: () => 0, sink, ...more }),
  );
}

/** Aborts after `steps` steps. */
function stopping(steps: number): Partial<TrainRequest> {
  const stop = new AbortController();
  let done = 0;
  return {
    signal: stop.signal,
    onProgress: () => {
      done += 1;
      if (done === steps) stop.abort();
    },
  };
}

test("a run's folder has all that evaluation and streams need", async () => {
  const folder = join(root, "whole");
  await run(await start(folder));
  expect(readdirSync(folder).sort()).toEqual(Object.values(RUN_FILES).sort());
  const config = accepted(await readConfig(folder));
  expect(config).toMatchObject({ data: decl, fitted: task.dataset.fitted, backend: "reference" });
  expect(config.settings).toEqual(accepted(resolveSettings(task.artifact)));
  const lines = readFileSync(join(folder, RUN_FILES.metrics), "utf8").trim().split("\n");
  const memory = memorySink();
  await run(memory);
  expect(lines.map((l) => JSON.parse(l))).toEqual(memory.lines);
  // A line an update and a record of its gradients, a line an epoch; no states, so no lags.
  expect(lines).toHaveLength(4 * (6 + 6) + 4);
  expect(readFileSync(join(folder, RUN_FILES.best))).toEqual(
    Buffer.from((await memory.readBest())!),
  );
});

test("an interrupted run goes on from its folder, to the same files", async () => {
  const whole = join(root, "uninterrupted");
  await run(await start(whole));
  for (const steps of [1, 6, 7, 23]) {
    const folder = join(root, `cut-${steps}`);
    expect(await run(await start(folder), stopping(steps))).toMatchObject({ ended: "interrupted" });
    expect(await run(folderSink(folder), { resume: true })).toMatchObject({ ended: "epochs" });
    for (const file of Object.values(RUN_FILES))
      expect(readFileSync(join(folder, file))).toEqual(readFileSync(join(whole, file)));
  }
});

test("what a killed run wrote after its checkpoint is written once", async () => {
  const whole = join(root, "not-killed");
  await run(await start(whole));
  const folder = join(root, "killed");
  await run(await start(folder), stopping(8));
  const metrics = join(folder, RUN_FILES.metrics);
  const all = readFileSync(join(whole, RUN_FILES.metrics), "utf8");
  writeFileSync(metrics, all.slice(0, all.indexOf('"step":15') + 20));
  await run(folderSink(folder), { resume: true });
  expect(readFileSync(metrics, "utf8")).toBe(all);
});

test("a second run does not overwrite the first: D204", async () => {
  const folder = join(root, "twice");
  await start(folder);
  const settings = accepted(resolveSettings(task.artifact));
  const parts = { settings, data: decl, dataFolder: "", backend: "", versions: {} };
  const again = await createRunFolder(folder, { ...parts, fitted: task.dataset.fitted }, "{}");
  expect(refused(again)).toMatchObject([{ code: "D204" }]);
});

test("a reader meets one checkpoint or the next, never parts", async () => {
  const folder = join(root, "atomic");
  const sink = await start(folder);
  const settings = accepted(resolveSettings(task.artifact));
  const versions: Uint8Array[] = [];
  const memory = memorySink();
  const recording = { ...memory, checkpoint: async (b: Uint8Array) => void versions.push(b) };
  await run(recording, { settings: { ...settings, checkpointEvery: 1 } });
  expect(versions.length).toBeGreaterThan(20);
  let writing = true;
  const writer = (async () => {
    for (const bytes of versions) await sink.checkpoint(bytes);
    writing = false;
  })();
  const path = join(folder, RUN_FILES.checkpoint);
  let read = 0;
  while (writing) {
    if (existsSync(path)) {
      const found = decodeCheckpoint(task.artifact, settings, readFileSync(path));
      expect(refused(found)).toEqual([]);
      read += 1;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await writer;
  expect(read).toBeGreaterThan(0);
  expect(readFileSync(path)).toEqual(Buffer.from(versions.at(-1)!));
});

describe("a config", () => {
  const good = async (): Promise<Record<string, unknown>> => {
    const folder = join(root, `config-${Math.floor(performance.now() * 1000)}`);
    await start(folder);
    return JSON.parse(readFileSync(join(folder, RUN_FILES.config), "utf8"));
  };
  test("that is damaged is D205 (its data D102)", async () => {
    const config = await good();
    const wrong: readonly (readonly [unknown, string])[] = [
      [{ ...config, format: "other" }, "D205"],
      [{ ...config, more: 1 }, "D205"],
      [{ ...config, settings: {} }, "D205"],
      [{ ...config, fitted: { columns: { a: { kind: "number" } } } }, "D205"],
      [{ ...config, data: { ...decl, format: "xls" } }, "D102"],
      [null, "D205"],
    ];
    for (const [json, code] of wrong)
      expect(refused(parseConfig(JSON.stringify(json), "config.json"))[0]?.code).toBe(code);
    expect(refused(parseConfig("{", "config.json"))[0]).toMatchObject({ code: "D205" });
    expect(accepted(parseConfig(JSON.stringify(config), "config.json"))).toEqual(config);
  });
  test("of a folder that holds no run is D205", async () => {
    expect(refused(await readConfig(join(root, "nowhere")))).toMatchObject([{ code: "D205" }]);
  });
});
