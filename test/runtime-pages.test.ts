/** @file Pages of the runtime's errors: every code has one, titled as the table says; its bad snippet
 *  raises the code and its good one nothing. Snippets see `load`, `saveTensors` and `artifact`, a model
 *  with inputs x: [T, 3], k: [T] of 4 and z: [2], states and outputs h: [2] and s: []. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { RUNTIME_CODES } from "../runtime/artifact/codes.ts";
import { referenceDevice } from "../runtime/devices/reference.ts";
import { RuntimeError } from "../runtime/errors.ts";
import { type LoadOptions, load } from "../runtime/index.ts";
import { openModel } from "../runtime/model.ts";
import { saveTensors } from "../runtime/safetensors.ts";
import { probe } from "./harness/probe.ts";

const FOLDER = new URL("../docs/errors/", import.meta.url);

test("codes and pages are the same", () => {
  const pages = readdirSync(FOLDER).flatMap((name) => /^(R\d+)\.md$/.exec(name)?.[1] ?? []);
  expect(pages.sort()).toEqual(Object.keys(RUNTIME_CODES));
});

/** As `load`; "webgpu" is the reference without a synchronous step, as on a graphics processor. */
async function loadHere(artifact: unknown, options: LoadOptions = {}) {
  if (options.backend !== "webgpu") return load(artifact, { backend: "reference", ...options });
  const open: typeof referenceDevice.open = async (a) => ({
    ...(await referenceDevice.open(a)),
    stepper: () => null,
  });
  return openModel(probe(), { ...referenceDevice, open }, 0);
}

async function codesOf(snippet: string): Promise<readonly string[]> {
  const body = `return (async () => {\n${snippet}\n})();`;
  const run = new Function("load", "saveTensors", "artifact", body) as (
    ...scope: readonly unknown[]
  ) => Promise<void>;
  try {
    await run(loadHere, saveTensors, probe());
    return [];
  } catch (error) {
    if (error instanceof RuntimeError) return error.faults.map((f) => f.code);
    throw error;
  }
}

describe.each(Object.entries(RUNTIME_CODES))("%s", (code, title) => {
  const page = readFileSync(new URL(`${code}.md`, FOLDER), "utf8");
  const snippet = (kind: string) =>
    new RegExp(`\`\`\`js ${kind}\n([\\s\\S]*?)\n\`\`\``).exec(page)?.[1] ?? "throw 'no snippet'";

  test("title", () => expect(page.split("\n")[0]).toBe(`# ${code}: ${title}`));
  test("bad", async () => expect(await codesOf(snippet("bad"))).toContain(code));
  test("good", async () => expect(await codesOf(snippet("good"))).toEqual([]));
});
