/** @file `cellc cost`: what an entry costs. In: a spec, an artifact or a run folder; sizes. Out: formulas in the
 *  spec's dims and numbers, as text, JSON or a page; with --measure, beside what a device takes. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Command } from "commander";
import { recompiled } from "../compiler/recompile.ts";
import type { Artifact } from "../runtime/artifact/artifact.ts";
import { type BackendOptions, backendOption, countOption } from "./backend.ts";
import { type CostFacts, costFacts } from "./cost/facts.ts";
import { measure, type Task } from "./cost/measure.ts";
import { costPage } from "./cost/page.ts";
import { attentionRows, costRows, measuredRows, memoryRows } from "./cost/rows.ts";
import { Failure } from "./fail.ts";
import { artifactAt } from "./model-file.ts";
import { printJson, table } from "./render.ts";
import { type EntryOptions, entryOptions } from "./source.ts";

interface CostOptions extends EntryOptions, BackendOptions {
  readonly steps: number;
  readonly batch: number;
  readonly truncate?: number;
  readonly measure?: boolean;
  readonly html?: string;
  readonly json?: boolean;
}

export function costCommand(program: Command): void {
  backendOption(
    entryOptions(
      program
        .command("cost <file>")
        .summary("work, depth and memory as formulas in the dims, beside self-attention")
        .description(
          "Says what a .cell spec, an artifact or a run folder costs: parameters, FLOP and bytes, how long\nthe longest chain is, what a stream and a gradient keep; as formulas in the spec's dims, the batch\nB and the length T, and as numbers. Beside it, one self-attention layer of the same widths, and\nfrom which length on each needs less. Counts are of the kernels that cellc compiles.",
        ),
    ),
  )
    .option("--steps <n>", "the length T that numbers are for", countOption, 1000)
    .option("--batch <n>", "samples B that numbers are for", countOption, 1)
    .option(
      "--truncate <n>",
      "steps K of truncated backpropagation (default: the train block's, or 64)",
      countOption,
    )
    .option("--measure", "run it on the backend too: time and memory beside what is predicted")
    .option("--html <file>", "write a page with curves against the length")
    .option("--json", "print as JSON")
    .addHelpText(
      "after",
      "\nExample:\n  cellc cost specs/cells/lstm.cell --entry LSTM --set D=128 --set H=128 --html cost.html",
    )
    .action(async (file: string, options: CostOptions) => {
      const artifact = await artifactAt(file, options, options.json);
      const facts = await factsOf(artifact, options);
      if (options.html !== undefined) {
        mkdirSync(dirname(options.html), { recursive: true });
        writeFileSync(options.html, await costPage(facts));
      }
      if (options.json) printJson(facts);
      else process.stdout.write(textOf(facts));
    });
}

async function factsOf(artifact: Artifact, options: CostOptions): Promise<CostFacts> {
  const source = recompiled(artifact);
  if (source === null)
    throw new Failure(
      `error: the source that the artifact of ${artifact.entry.name} carries compiles to other equations; compile the spec again`,
      1,
    );
  const truncate = options.truncate ?? artifact.train?.truncate ?? 64;
  const { facts, tasks } = costFacts(source, { ...options, truncate });
  if (options.measure !== true) return facts;
  const show = ({ what, steps }: Task): void => {
    process.stderr.write(`measuring: ${what}, ${steps} ${steps === 1 ? "step" : "steps"}\n`);
  };
  const measurement = await measure(artifact, options, tasks, show);
  return { ...facts, measurement };
}

function textOf({ entry, report, layers, measurement }: CostFacts): string {
  const sizes = Object.entries({ ...report.dims, ...report.sizes }).map(([k, v]) => `${k} = ${v}`);
  const beside = [
    ...(report.attention === null ? [] : [["", report.attention] as const]),
    ...layers.flatMap((l) =>
      l.report.attention === null
        ? []
        : [
            [
              `layer ${l.layer}: ${l.cell}, ${dimsOf(l.report.dims)}\n`,
              l.report.attention,
            ] as const,
          ],
    ),
  ];
  return [
    `${entry.kind} ${entry.name}, values at ${sizes.join(", ")}\n`,
    ...(report.note === null ? [] : [`${report.note}\n`]),
    table(costRows(report)),
    table(memoryRows(report)),
    ...beside.map(([head, attention]) => head + table(attentionRows(attention))),
    ...(measurement === null
      ? []
      : [
          `${measurement.backend.backend} (${measurement.backend.executor})\n${table(measuredRows(measurement))}`,
        ]),
  ].join("\n");
}

const dimsOf = (dims: Readonly<Record<string, number>>): string =>
  Object.entries(dims)
    .map(([k, v]) => `${k} = ${v}`)
    .join(", ");
