/** @file `cellc train`: a spec, data, a run folder. In: files, settings. Out: trained weights, metrics,
 *  checkpoints; progress on stderr. Ctrl-C ends the step it is in, saves, and exits 130. */
import { basename, join } from "node:path";
import type { Command } from "commander";
import { folderOf } from "../runtime/data/node.ts";
import { deviceNamed } from "../runtime/devices/table.ts";
import { unwrap } from "../runtime/errors.ts";
import { train } from "../runtime/train.ts";
import {
  createRunFolder,
  folderSink,
  readConfig,
  writeConfig,
} from "../runtime/train/run-folder.ts";
import { resolveSettings, type TrainOverrides } from "../runtime/train/settings.ts";
import {
  type BackendOptions,
  backendOption,
  backendText,
  openWith,
  portNumber,
  wholeNumber,
} from "./backend.ts";
import { Failure } from "./fail.ts";
import { artifactAt, datasetOf, datasetOfRun, isRunFolder } from "./model-file.ts";
import { packageVersion } from "./package.ts";
import { openProgress } from "./progress.ts";
import { printJson } from "./render.ts";
import { openGates } from "./report/gates.ts";
import { openWatch, type Watch } from "./report/watch.ts";
import { type EntryOptions, entryOptions, readJson } from "./source.ts";

interface TrainOptions extends EntryOptions, BackendOptions {
  readonly data?: string;
  readonly out?: string;
  readonly config?: string;
  readonly resume?: boolean;
  readonly epochs?: number;
  readonly lr?: number;
  readonly batch?: number;
  readonly truncate?: number;
  readonly patience?: number;
  readonly clipNorm?: number;
  readonly clipValue?: number;
  readonly checkpointEvery?: number;
  readonly recordEvery?: number;
  readonly watch?: boolean;
  readonly port?: number;
  readonly json?: boolean;
}

export function trainCommand(program: Command): void {
  backendOption(
    entryOptions(
      program
        .command("train <file>")
        .summary("train a spec on data; --resume goes on with a run")
        .description(
          "Trains as the spec's train block says, a JSON file (--config) over it, options over both.\nThe run folder has the artifact, the settings, metrics as JSON lines, checkpoints and the best\nweights. Ctrl-C saves a checkpoint; `cellc train RUN --resume` gives the same weights as a run\nthat was never stopped.",
        ),
    ),
  )
    .option("--data <file>", "declaration of the data, JSON")
    .option("--out <folder>", "the run's folder (default: runs/ENTRY)")
    .option("--config <file>", "settings over the train block, JSON")
    .option("--resume", "FILE is a run folder: go on from its checkpoint")
    .option("--epochs <n>", "passes over the training split", wholeNumber)
    .option("--lr <x>", "learning rate", Number)
    .option("--batch <n>", "samples of one update", wholeNumber)
    .option("--truncate <n>", "steps of truncated backpropagation", wholeNumber)
    .option(
      "--patience <n>",
      "epochs without a better validation loss before it stops",
      wholeNumber,
    )
    .option("--clip-norm <x>", "clip the gradients' global norm", Number)
    .option("--clip-value <x>", "clip each gradient", Number)
    .option("--checkpoint-every <n>", "steps between checkpoints within an epoch", wholeNumber)
    .option(
      "--record-every <n>",
      "updates between records of each parameter's gradient (default: some 200 in a run; 0: none)",
      wholeNumber,
    )
    .option("--watch", "serve a page on loopback that follows the run; see `cellc report`")
    .option("--port <n>", "where --watch serves (default: any free port)", portNumber)
    .option("--json", "print the outcome as JSON")
    .addHelpText(
      "after",
      "\nExample:\n  cellc train specs/apps/forecast.cell --data specs/apps/co2.data.json --out runs/co2\n  cellc train runs/co2 --resume --epochs 20",
    )
    .action(async (file: string, options: TrainOptions, command: Command) => {
      const chosen = (name: string): boolean => command.getOptionValueSource(name) === "cli";
      await run(file, options, chosen);
    });
}

/** `chosen` says of an option whether the user gave it. */
async function run(
  file: string,
  options: TrainOptions,
  chosen: (name: string) => boolean,
): Promise<void> {
  if (options.port !== undefined && !options.watch)
    throw new Failure("error: --port is where --watch serves; give --watch too", 2);
  const watch = options.watch ? await openWatch(options.port ?? 0) : null;
  try {
    await runWatched(file, options, chosen, watch);
  } finally {
    await watch?.end();
  }
}

async function runWatched(
  file: string,
  options: TrainOptions,
  chosen: (name: string) => boolean,
  watch: Watch | null,
): Promise<void> {
  const job = options.resume
    ? await resumed(file, options, chosen("backend"))
    : await started(file, options, chosen("seed"));
  const { artifact, dataset, settings, sink, folder, backend } = job;
  if (watch !== null) {
    watch.show(folder);
    process.stderr.write(`watch ${watch.url}\n`);
  }
  const model = await openWith(artifact, {
    backend,
    seed: settings.seed,
    threads: options.threads ?? "auto",
    vectors: options.vectors ?? "auto",
  });
  const gates = settings.recordEvery === 0 ? null : await openGates(artifact, dataset);
  const stop = new AbortController();
  const interrupt = (): void => (stop.signal.aborted ? process.exit(130) : stop.abort());
  process.on("SIGINT", interrupt);
  const progress = openProgress(`${artifact.entry.name} on ${model.backend.backend}`);
  try {
    const outcome = unwrap(
      await train({
        artifact,
        session: model.session,
        dataset,
        settings,
        sink,
        clock: () => performance.now(),
        resume: options.resume === true,
        signal: stop.signal,
        onProgress: progress.show,
        ...(gates === null ? {} : { gates: gates.histograms }),
      }),
    );
    progress.close();
    if (options.json) printJson({ folder, backend: model.backend, ...outcome });
    else process.stdout.write(summary(folder, outcome, backendText(model.backend)));
    if (outcome.ended === "interrupted") {
      throw new Failure(`stopped; go on with: cellc train ${folder} --resume`, 130);
    }
  } finally {
    progress.close();
    process.off("SIGINT", interrupt);
    gates?.close();
    model.close();
  }
}

async function started(file: string, options: TrainOptions, seeded: boolean) {
  if (options.data === undefined) {
    throw new Failure(
      "error: --data is missing: a JSON declaration of the data (see docs/data.md)",
      2,
    );
  }
  const artifact = await artifactAt(file, options, options.json);
  const { dataset, decl } = await datasetOf(artifact, options.data);
  const config = options.config === undefined ? {} : readJson(options.config);
  const settings = unwrap(resolveSettings(artifact, config, overrides(options, seeded)));
  const folder = options.out ?? join("runs", artifact.entry.name);
  const backend = (await deviceNamed(options.backend)).name;
  const parts = {
    settings,
    data: decl,
    dataFolder: folderOf(options.data),
    fitted: dataset.fitted,
    backend,
    versions: {
      cellc: packageVersion(),
      node: process.versions.node,
      system: `${process.platform} ${process.arch}`,
    },
  };
  const sink = unwrap(await createRunFolder(folder, parts, `${JSON.stringify(artifact)}\n`));
  return { artifact, dataset, settings, sink, folder, backend };
}

/** On the run's own backend, where the same bits come out, unless another is asked for. */
async function resumed(folder: string, options: TrainOptions, elsewhere: boolean) {
  if (!isRunFolder(folder)) {
    throw new Failure(`error: ${basename(folder)} is no run folder; --resume takes one`, 1);
  }
  const config = unwrap(await readConfig(folder));
  const artifact = await artifactAt(folder, options);
  const dataset = await datasetOfRun(artifact, config);
  const settings = { ...config.settings, epochs: options.epochs ?? config.settings.epochs };
  const { format: _, version: __, ...parts } = config;
  await writeConfig(folder, { ...parts, settings });
  const backend = elsewhere ? options.backend : config.backend;
  return { artifact, dataset, settings, sink: folderSink(folder), folder, backend };
}

function overrides(options: TrainOptions, seeded: boolean): TrainOverrides {
  const { epochs, lr, batch, truncate, patience, checkpointEvery, recordEvery } = options;
  const clip = {
    ...(options.clipNorm === undefined ? {} : { norm: options.clipNorm }),
    ...(options.clipValue === undefined ? {} : { value: options.clipValue }),
  };
  const saved = { checkpoint_every: checkpointEvery, record_every: recordEvery };
  const given = { epochs, lr, batch, truncate, patience, ...saved };
  return {
    ...Object.fromEntries(Object.entries(given).filter(([, v]) => v !== undefined)),
    ...(Object.keys(clip).length > 0 ? { clip } : {}),
    ...(seeded ? { seed: options.seed } : {}),
  };
}

function summary(
  folder: string,
  {
    ended,
    steps,
    epochs,
    loss,
    best,
  }: {
    ended: string;
    steps: number;
    epochs: number;
    loss: number | null;
    best: { epoch: number; loss: number } | null;
  },
  backend: string,
): string {
  const why = ended === "patience" ? "no better validation loss" : ended;
  return [
    `${steps} steps, ${epochs} epochs (${why}); training loss ${loss?.toPrecision(4) ?? "–"}`,
    best === null
      ? ""
      : `, best validation loss ${best.loss.toPrecision(4)} in epoch ${best.epoch}`,
    `\n${folder} (${backend})\n`,
  ].join("");
}
