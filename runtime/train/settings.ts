/** @file How a model is trained. In: the artifact's train block, overrides as JSON (a file, flags). Out:
 *  settings with nothing left open, or every fault. Never changes the optimiser: its step is compiled. */
import { Ajv } from "ajv";
import type { Artifact } from "../artifact/artifact.ts";
import { schemaFault } from "../data/declaration.ts";
import { type DataFault, fail, fault, ok, type Result } from "../data/fault.ts";
import { SCHEDULES, type Schedule } from "./schedule.ts";

export interface TrainSettings {
  /** The optimiser's numbers, `lr` among them. */
  readonly hyper: Readonly<Record<string, number>>;
  readonly schedule: Schedule | null;
  readonly clip: { readonly norm: number | null; readonly value: number | null };
  readonly epochs: number;
  readonly batch: number;
  readonly truncate: number | null;
  /** Epochs without a better validation loss before training stops; null: never. */
  readonly patience: number | null;
  /** Of initial weights, order of samples and dropout. */
  readonly seed: number;
  /** Steps between checkpoints, besides those after each epoch; null: none. */
  readonly checkpointEvery: number | null;
  /** Updates between records of every parameter's gradient; null: some 200 in a run, 0: no records, no probes. */
  readonly recordEvery: number | null;
}

/** What a user may override; null takes a setting of the spec off. */
export interface TrainOverrides {
  readonly lr?: number;
  readonly hyper?: Readonly<Record<string, number>>;
  /** { "name": "cosine", "steps": 1000, "min": 1e-5 } */
  readonly schedule?:
    | ({ readonly name: string } & Readonly<Record<string, number | string>>)
    | null;
  readonly clip?: { readonly norm?: number | null; readonly value?: number | null };
  readonly epochs?: number;
  readonly batch?: number;
  readonly truncate?: number | null;
  readonly patience?: number | null;
  readonly seed?: number;
  readonly checkpoint_every?: number | null;
  readonly record_every?: number | null;
}

const count = { type: "integer", minimum: 1 };
const countOrNull = { type: "integer", minimum: 1, nullable: true };
const positiveOrNull = { type: "number", exclusiveMinimum: 0, nullable: true };

const SCHEMA = {
  type: "object",
  additionalProperties: false,
  properties: {
    lr: { type: "number", minimum: 0 },
    hyper: { type: "object", additionalProperties: { type: "number" } },
    schedule: {
      type: "object",
      nullable: true,
      required: ["name"],
      properties: { name: { type: "string", enum: Object.keys(SCHEDULES) } },
      additionalProperties: { type: "number" },
    },
    clip: {
      type: "object",
      additionalProperties: false,
      properties: { norm: positiveOrNull, value: positiveOrNull },
    },
    epochs: count,
    batch: count,
    truncate: countOrNull,
    patience: countOrNull,
    seed: { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    checkpoint_every: countOrNull,
    record_every: { type: "integer", minimum: 0, nullable: true },
  },
};

/** The train block with `overrides` over it, the later the stronger. D201, D202. */
export function resolveSettings(
  artifact: Artifact,
  ...overrides: readonly unknown[]
): Result<TrainSettings> {
  const { train, programs } = artifact;
  if (programs.gradient === null)
    return fail(
      fault("D202", `${artifact.entry.name} was compiled for inference: it cannot be trained`, {
        help: "compile the spec again, not for inference",
      }),
    );
  if (train === null || programs.train === null || programs.update === null)
    return fail(
      fault("D202", `${artifact.entry.name} has no train block`, {
        help: "add `train … { loss … }` to the spec and compile it again",
      }),
    );
  const validate = new Ajv({ allErrors: true, strict: true }).compile<TrainOverrides>(SCHEMA);
  const faults: DataFault[] = [];
  const valid = overrides.filter((json): json is TrainOverrides => {
    if (validate(json)) return true;
    faults.push(...(validate.errors ?? []).map((e) => schemaFault("D201", e, null)));
    return false;
  });
  if (faults.length > 0) return fail(...faults);
  const last = <K extends keyof TrainOverrides>(key: K): TrainOverrides[K] | undefined =>
    valid.findLast((o) => o[key] !== undefined)?.[key];
  const hyper: Record<string, number> = { ...train.optimizer.hyper };
  for (const o of valid) Object.assign(hyper, o.hyper, o.lr === undefined ? {} : { lr: o.lr });
  const schedule = last("schedule");
  const clips = Object.assign(
    {},
    train.clip,
    ...valid.map((o) => o.clip ?? {}),
  ) as TrainSettings["clip"];
  const or = <T>(given: T | undefined, otherwise: T): T =>
    given === undefined ? otherwise : given;
  const settings: TrainSettings = {
    hyper,
    schedule: schedule === undefined ? train.schedule : scheduleOf(schedule),
    clip: clips,
    epochs: or(last("epochs"), train.epochs),
    batch: or(last("batch"), train.batch),
    truncate: or(last("truncate"), train.truncate),
    patience: or(last("patience"), train.patience),
    seed: or(last("seed"), train.seed),
    checkpointEvery: or(last("checkpoint_every"), null),
    recordEvery: or(last("record_every"), null),
  };
  const wrong = [...strangeHyper(artifact, hyper), ...strangeSchedule(settings.schedule)];
  return wrong.length > 0 ? fail(...wrong) : ok(settings);
}

function scheduleOf(given: TrainOverrides["schedule"]): Schedule | null {
  if (given === null || given === undefined) return null;
  const { name, ...rest } = given;
  return { name, args: Object.fromEntries(Object.entries(rest).map(([k, v]) => [k, Number(v)])) };
}

function strangeHyper(artifact: Artifact, hyper: Readonly<Record<string, number>>): DataFault[] {
  const { name, hyper: known } = artifact.train!.optimizer;
  return Object.keys(hyper)
    .filter((key) => !Object.hasOwn(known, key))
    .map((key) =>
      fault("D201", `${name} has no number ${JSON.stringify(key)}`, {
        help: `its numbers are ${Object.keys(known).join(", ")}; another optimiser is set in the spec`,
      }),
    );
}

function strangeSchedule(schedule: Schedule | null): DataFault[] {
  if (schedule === null) return [];
  const entry = SCHEDULES[schedule.name];
  if (entry === undefined)
    return [
      fault("D201", `no schedule is called ${JSON.stringify(schedule.name)}`, {
        help: `there are ${Object.keys(SCHEDULES).join(", ")}`,
      }),
    ];
  const names = Object.keys(entry.args);
  const takes = `${schedule.name} takes ${names.join(", ") || "no numbers"}`;
  const extra = Object.keys(schedule.args).filter((name) => !names.includes(name));
  const missing = names.filter((n) => entry.args[n] === null && schedule.args[n] === undefined);
  const bad = Object.entries(schedule.args).filter(
    ([name, value]) => !(value >= 0) || (name === "every" && value < 1),
  );
  return [
    ...bad.map(([name, value]) =>
      fault("D201", `schedule: ${name} cannot be ${value}`, {
        help: name === "every" ? "give at least 1 step" : "give a number from 0 up",
      }),
    ),
    ...extra.map((name) => fault("D201", `schedule: ${name} is not known`, { help: takes })),
    ...missing.map((name) => fault("D201", `schedule: ${name} is needed`, { help: takes })),
  ];
}
