/** @file `cellc gradcheck`: are the generated gradients right? In: a spec or artifact. Out: two layers of
 *  evidence as a table or JSON; exit code 1 where anything is out of tolerance. */
import type { Command } from "commander";
import type { Threads, Vectors } from "../runtime/devices/device.ts";
import { type DeviceName, DEVICES, isDeviceName } from "../runtime/devices/table.ts";
import { gradcheck } from "../runtime/gradcheck.ts";
import type { GradcheckReport, Worst } from "../runtime/gradcheck/report.ts";
import { backendText, countOption, threadsOption, vectorsOption, wholeNumber } from "./backend.ts";
import { Failure } from "./fail.ts";
import { artifactAt } from "./model-file.ts";
import { printJson, table } from "./render.ts";
import { entryOptions, type EntryOptions } from "./source.ts";

interface GradcheckCommand extends EntryOptions {
  readonly backends: readonly DeviceName[];
  readonly threads: Threads;
  readonly vectors: Vectors;
  readonly seed: number;
  readonly batch: number;
  readonly steps: number;
  readonly samples: number;
  readonly json?: boolean;
}

export function gradcheckCommand(program: Command): void {
  entryOptions(
    program
      .command("gradcheck <file>")
      .summary("check the generated gradients against numeric ones, and backends against float64")
      .description(
        "Layer 1: every parameter, input and initial state against central differences, in float64\n(relative error ≤ 1e-6). Layer 2: each backend's values and gradients against float64\n(relative L2 error ≤ 1e-5).",
      ),
  )
    .option("--backends <names>", "backends of layer 2, by comma", backends, ["webasm", "cpu"])
    .addOption(threadsOption())
    .addOption(vectorsOption())
    .option("--seed <n>", "seed of the point that is checked", wholeNumber, 0)
    .option("--batch <n>", "samples", countOption, 2)
    .option("--steps <n>", "steps of a sequence", countOption, 5)
    .option("--samples <n>", "elements checked of one tensor at most", countOption, 64)
    .option("--json", "print the whole report as JSON")
    .addHelpText(
      "after",
      "\nExample:\n  cellc gradcheck specs/cells/lstm.cell --entry LSTM --set D=5 --set H=4",
    )
    .action(async (file: string, options: GradcheckCommand) => {
      const artifact = await artifactAt(file, options, options.json);
      const devices = await Promise.all(options.backends.map((name) => DEVICES[name]()));
      const report = await gradcheck(artifact, {
        devices,
        threads: options.threads,
        vectors: options.vectors,
        seed: options.seed,
        B: options.batch,
        T: options.steps,
        samples: options.samples,
      });
      if (options.json) printJson(report);
      else process.stdout.write(textOf(report));
      if (!report.ok)
        throw new Failure(options.json ? "" : "error: gradients are out of tolerance", 1);
    });
}

function textOf(report: GradcheckReport): string {
  const { entry, checked, kinks, unsampled, tolerance } = report;
  const layer1 = report.cases.map((c) => [
    c.name,
    c.tensors.length,
    worstOf(c.tensors),
    verdict(c.ok),
  ]);
  const layer2 = report.backends.flatMap((b) =>
    b.cases.map((c) => [
      backendText(b.backend),
      c.name,
      Math.max(0, ...c.tensors.map((t) => t.error)).toExponential(1),
      verdict(c.ok),
    ]),
  );
  const left = [
    kinks > 0 ? `${kinks} at kinks, where there is no derivative` : "",
    unsampled > 0 ? `${unsampled} not sampled` : "",
  ].filter((s) => s !== "");
  return [
    `${entry}: generated gradients against central differences, float64; ${checked} elements${left.length > 0 ? ` (${left.join("; ")})` : ""}, tolerance ${tolerance.element}`,
    "",
    table([["case", "tensors", "largest error", ""], ...layer1]),
    ...(report.worst === null || report.worst.error === 0
      ? []
      : [`worst: ${describe(report.worst)}\n`]),
    layer2.length === 0
      ? ""
      : `backends against float64, relative L2 error, tolerance ${tolerance.tensor}\n\n${table([["backend", "case", "largest error", ""], ...layer2])}`,
  ].join("\n");
}

function describe(w: Worst): string {
  const at = w.places[0];
  const where = at === undefined ? "" : ` enters by \`${at.of}\` (${at.file}:${at.line})`;
  return `${w.name}[${w.index.join(", ")}] generated ${w.generated.toPrecision(9)}, numeric ${w.numeric.toPrecision(9)}, error ${w.error.toExponential(1)};${where}`;
}

/** Differences round: an error of 0 is one below what they can show. */
function worstOf(tensors: readonly { readonly worst: Worst | null }[]): string {
  const error = Math.max(0, ...tensors.map((t) => t.worst?.error ?? 0));
  return error === 0 ? "rounding" : error.toExponential(1);
}

function verdict(ok: boolean): string {
  return ok ? "ok" : "OUT OF TOLERANCE";
}

function backends(text: string): DeviceName[] {
  const names = text
    .split(",")
    .map((n) => n.trim())
    .filter((n) => n !== "");
  return names.map((n) => {
    if (isDeviceName(n)) return n;
    throw new Failure(`error: no backend ${n}; there are ${Object.keys(DEVICES).join(", ")}`, 2);
  });
}
