/** @file `cellc report`: a training run as a page. In: run folders. Out: one HTML file that needs nothing else,
 *  or its facts as JSON. */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { Failure } from "./fail.ts";
import { printJson } from "./render.ts";
import { reportOf, type RunParts } from "./report/facts.ts";
import { type CheckFacts, checkGradients } from "./report/gradients.ts";
import { reportPage } from "./report/page.ts";
import { openRunReader } from "./report/read.ts";

interface ReportOptions {
  readonly output?: string;
  readonly compare?: readonly string[];
  readonly gradcheck: boolean;
  readonly json?: boolean;
}

export function reportCommand(program: Command): void {
  program
    .command("report <run>")
    .summary("a training run as one HTML page; --compare puts runs on the same charts")
    .description(
      "Losses, metrics, gradients by parameter and by lag, gates, learning rate,\nclipping, throughput, configuration, the gradient check and the spec of a\nrun, in one file that asks no host for anything. The run may still be training.",
    )
    .option("-o, --output <file>", "the page (default: report.html in the folder of the run)")
    .option("--compare <runs...>", "other runs, on the same charts, with what differs")
    .option("--no-gradcheck", "leave the gradient check out")
    .option("--json", "print what the page shows as JSON; writes no page unless -o names one")
    .addHelpText(
      "after",
      "\nExample:\n  cellc report runs/co2 -o co2.html\n  cellc report runs/a --compare runs/b runs/c",
    )
    .action(async (run: string, options: ReportOptions) => {
      const folders = [run, ...(options.compare ?? [])];
      if (new Set(folders.map((f) => resolve(f))).size < folders.length)
        throw new Failure("error: a run is named twice", 2);
      const report = reportOf(await partsOf(folders, options.gradcheck));
      if (options.json) printJson(report);
      if (options.json && options.output === undefined) return;
      const file = options.output ?? join(run, "report.html");
      writeFileSync(file, await reportPage(report));
      if (!options.json) process.stdout.write(`${file}\n`);
      const wrong = report.runs.filter((r) => r.gradcheck?.ok === false);
      if (wrong.length > 0)
        throw new Failure(
          `error: gradients are out of tolerance: ${wrong.map((r) => r.name).join(", ")}`,
          1,
        );
    });
}

/** Runs of the same equations on the same backend are checked once. */
async function partsOf(folders: readonly string[], check: boolean): Promise<readonly RunParts[]> {
  const checks = new Map<string, CheckFacts>();
  const parts: RunParts[] = [];
  for (const folder of folders) {
    const reader = await openRunReader(folder);
    const { artifact } = reader;
    const config = await reader.config();
    const key = `${artifact.hash} ${config.backend}`;
    if (check && !checks.has(key)) {
      process.stderr.write(`checking gradients of ${folder} …\n`);
      checks.set(key, await checkGradients(artifact, config.backend));
    }
    const gradcheck = checks.get(key) ?? null;
    parts.push({ folder, artifact, config, history: await reader.history(), gradcheck });
  }
  return parts;
}
