/** @file The command as it is built: a file that runs by itself, as `npx cellc` in a checkout needs it. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "rolldown";
import { afterAll, expect, test } from "vitest";
import { tools } from "../rolldown.config.mjs";
import { ROOT } from "./harness/spec.ts";

// Beside the packages that it loads, as dist/tools is.
const out = await mkdtemp(join(ROOT, "node_modules", ".cellc-tools-"));
afterAll(() => rm(out, { recursive: true, force: true }));

test.skipIf(process.platform === "win32")("the built command can be run", async () => {
  await build({ ...tools, output: { ...tools.output, dir: out } });
  const run = promisify(execFile);
  const checked = await run(join(out, "cellc.js"), ["check", "specs/cells/lstm.cell"], {
    cwd: ROOT,
  });
  expect(checked.stdout).toContain("no mistakes");
  const wrong = run(join(out, "cellc.js"), ["check", "package.json"], { cwd: ROOT });
  await expect(wrong).rejects.toMatchObject({ code: 1 });
  expect(await readFile(join(out, "LICENCES.txt"), "utf8")).toMatch(/^chevrotain /m);
});
