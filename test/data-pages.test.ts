/** @file Pages of the errors of data and training: the bad snippet raises the code, the good one nothing.
 *  Pages of data have a declaration, the file it reads and, where it matters, a model; fences are
 *  `bad`, `good` or `both`. Pages of training call `train(settings, { resume })` on one small model. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DATA_CODES } from "../runtime/data/codes.ts";
import { openDataset } from "../runtime/data/dataset.ts";
import { parseDeclaration } from "../runtime/data/declaration.ts";
import { folderOf, loadDeclaration, loadTable } from "../runtime/data/node.ts";
import { prepare } from "../runtime/data/prepare.ts";
import { referenceDevice } from "../runtime/devices/reference.ts";
import { openModel } from "../runtime/model.ts";
import { train } from "../runtime/train.ts";
import { resolveSettings } from "../runtime/train/settings.ts";
import { memorySink } from "../runtime/train/sink.ts";
import { refused } from "./harness/data.ts";
import { compileSpec, ROOT } from "./harness/spec.ts";
import { type Task, taskOf, wave } from "./harness/training.ts";

type Kind = "bad" | "good";
interface Fence {
  readonly language: string;
  readonly kind: Kind | "both";
  readonly text: string;
}

function fencesOf(code: string): readonly Fence[] {
  const page = readFileSync(join(ROOT, `docs/errors/${code}.md`), "utf8");
  return [...page.matchAll(/^```(\w+(?: data)?) (bad|good|both)\n([\s\S]*?)^```$/gm)].map((m) => ({
    language: m[1]!,
    kind: m[2] as Fence["kind"],
    text: m[3]!,
  }));
}

const find = (fences: readonly Fence[], kind: Kind, ...languages: readonly string[]) =>
  fences.find((f) => languages.includes(f.language) && (f.kind === kind || f.kind === "both"));

const root = mkdtempSync(join(tmpdir(), "cellc-pages-"));
afterAll(() => rmSync(root, { recursive: true }));

async function dataCodes(fences: readonly Fence[], kind: Kind): Promise<readonly string[]> {
  const path = join(root, "page.data.json");
  writeFileSync(path, find(fences, kind, "json data")!.text);
  const file = find(fences, kind, "csv", "jsonl")!;
  writeFileSync(join(root, `data.${file.language}`), file.text);
  const codes = (faults: readonly { readonly code: string }[]) => faults.map((f) => f.code);
  const decl = await loadDeclaration(path);
  if (!decl.ok) return codes(decl.faults);
  const table = await loadTable(decl.value, folderOf(path));
  if (!table.ok) return codes(table.faults);
  const prepared = prepare(decl.value, table.value);
  if (!prepared.ok) return codes(prepared.faults);
  const text = find(fences, kind, "cell")?.text;
  if (text === undefined) return [];
  const artifact = compileSpec({ file: "page.cell", text });
  const dataset = openDataset(prepared.value, artifact);
  if (!dataset.ok) return codes(dataset.faults);
  const plan = { batch: 2, seed: 1, epoch: 0, shuffle: true, truncate: null };
  const chunks = dataset.value.trainingPlan(plan);
  return chunks.ok ? [] : codes(chunks.faults);
}

const spec = `model Scale<D = 1> {
  input x: [T, D]
  output y = x | dense(1)
}

train Scale {
  loss mse(y, target: [T, 1])
  optimizer sgd(lr = 0.01)
  batch 2
  epochs 2
}
`;
let task: Task;
beforeAll(async () => {
  task = await taskOf(
    spec,
    "Scale",
    {
      format: "csv",
      files: ["wave.csv"],
      samples: { kind: "series", windows: { length: 4 } },
      inputs: { x: ["v"] },
      targets: { target: ["v"] },
    },
    wave(20),
  );
});

async function trainingCodes(snippet: string): Promise<readonly string[]> {
  const { artifact, dataset } = task;
  const { session } = await openModel(artifact, referenceDevice, 0);
  const sink = memorySink();
  const found: string[] = [];
  const call = async (overrides: unknown, { resume = false } = {}): Promise<void> => {
    const settings = resolveSettings(artifact, overrides);
    const request = { artifact, dataset, session, sink, clock: () => 0, resume };
    const result = settings.ok ? await train({ ...request, settings: settings.value }) : settings;
    if (!result.ok) found.push(...result.faults.map((f) => f.code));
  };
  const run = new Function("train", `return (async () => {\n${snippet}\n})();`) as (
    train: typeof call,
  ) => Promise<void>;
  await run(call);
  return found;
}

describe.each(Object.keys(DATA_CODES))("%s", (code) => {
  const fences = fencesOf(code);
  const codesOf = (kind: Kind): Promise<readonly string[]> => {
    const script = find(fences, kind, "js");
    return script === undefined ? dataCodes(fences, kind) : trainingCodes(script.text);
  };
  test("the bad snippet raises it alone", async () => {
    expect(new Set(await codesOf("bad"))).toEqual(new Set([code]));
  });
  test("the good one nothing", async () => {
    expect(await codesOf("good")).toEqual([]);
  });
});

test("docs/data.md: its declarations are valid", () => {
  const page = readFileSync(join(ROOT, "docs/data.md"), "utf8");
  const snippets = [...page.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map((m) => m[1]!);
  expect(snippets).toHaveLength(3);
  for (const text of snippets) expect(refused(parseDeclaration(JSON.parse(text)))).toEqual([]);
});

test("only the files that open files need Node", () => {
  const found = ["runtime/data", "runtime/data/readers", "runtime/train"].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith(".ts"))
      .filter((name) =>
        /from "(node:|write-file-atomic)/.test(readFileSync(join(ROOT, folder, name), "utf8")),
      )
      .map((name) => `${folder}/${name}`),
  );
  expect(found).toEqual(["runtime/data/node.ts", "runtime/train/run-folder.ts"]);
});
