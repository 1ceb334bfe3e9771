/** @file What a run was made from. In: the text of `config.json`. Out: its parts, checked. Never touches a
 *  disk. */
import { Ajv } from "ajv";
import { type DataDecl, parseDeclaration } from "../data/declaration.ts";
import { fail, fault, ok, type Result } from "../data/fault.ts";
import type { Fitted } from "../data/fitted.ts";
import type { TrainSettings } from "./settings.ts";

/** All that a run was made from, beside the artifact. */
export interface RunConfig {
  readonly format: "cellc-run";
  readonly version: 1;
  readonly settings: TrainSettings;
  readonly data: DataDecl;
  /** What the declaration's file names are relative to. */
  readonly dataFolder: string;
  readonly fitted: Fitted;
  readonly backend: string;
  /** Of the programs that made the run: { "cellc": "0.1.0", "node": "20.19.0" }. */
  readonly versions: Readonly<Record<string, string>>;
}

export type RunConfigParts = Omit<RunConfig, "format" | "version">;

export function writeConfigText(parts: RunConfigParts): string {
  const config: RunConfig = { format: "cellc-run", version: 1, ...parts };
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** D205 where the text is no config, D102 where its data declaration is wrong. */
export function parseConfig(text: string, file: string): Result<RunConfig> {
  const refuse = (why: string): Result<RunConfig> =>
    fail(fault("D205", why, { file, help: "name the folder of a training run" }));
  const json = parseJson(text);
  if (json === undefined) return refuse("the file is not JSON");
  const validate = new Ajv({ strict: true, discriminator: true }).compile<RunConfig>(SCHEMA);
  if (!validate(json)) {
    const [error] = validate.errors ?? [];
    return refuse(`the file is no config of a run: ${error?.instancePath} ${error?.message}`);
  }
  const data = parseDeclaration(json.data, file);
  const settings = { ...json.settings, recordEvery: json.settings.recordEvery ?? null };
  return data.ok ? ok({ ...json, settings }) : data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function object(properties: Readonly<Record<string, unknown>>, optional: readonly string[] = []) {
  return {
    type: "object",
    additionalProperties: false,
    properties,
    required: Object.keys(properties).filter((name) => !optional.includes(name)),
  };
}

const text = { type: "string" };
const number = { type: "number" };
const count = { type: "integer", minimum: 1 };
const orNull = (schema: Readonly<Record<string, unknown>>) => ({ ...schema, nullable: true });
const numbers = { type: "array", items: number };
const byName = (schema: unknown) => ({ type: "object", additionalProperties: schema });

const FITTED = {
  type: "object",
  required: ["kind"],
  properties: { kind: text },
  discriminator: { propertyName: "kind" },
  oneOf: [
    object({
      kind: { const: "number" },
      from: text,
      difference: { type: "integer", minimum: 0 },
      offset: numbers,
      scale: numbers,
    }),
    object({ kind: { const: "category" }, from: text, tokens: { type: "array", items: text } }),
  ],
};

const SCHEMA = object({
  format: { type: "string", const: "cellc-run" },
  version: { type: "integer", const: 1 },
  settings: object(
    {
      hyper: byName(number),
      schedule: orNull(object({ name: text, args: byName(number) })),
      clip: object({ norm: orNull(number), value: orNull(number) }),
      epochs: count,
      batch: count,
      truncate: orNull(count),
      patience: orNull(count),
      seed: { type: "integer", minimum: 0 },
      checkpointEvery: orNull(count),
      recordEvery: orNull({ type: "integer", minimum: 0 }),
    },
    ["recordEvery"],
  ),
  data: { type: "object" },
  dataFolder: text,
  fitted: object({ columns: byName(FITTED) }),
  backend: text,
  versions: byName(text),
});
