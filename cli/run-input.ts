/** @file The JSON that `cellc run` reads. In: what JSON.parse gave. Out: its parts, typed. The values
 *  themselves are checked by the runtime, against the artifact. */
import { Ajv } from "ajv";
import type { Request, Upstream, Values } from "../runtime/request.ts";
import { Failure } from "./fail.ts";

export interface RunInput extends Request {
  readonly params?: Values;
  readonly upstream?: Upstream;
}

const values = { type: "object" };
const SCHEMA = {
  type: "object",
  additionalProperties: false,
  required: ["inputs"],
  properties: {
    params: values,
    inputs: values,
    initial: values,
    lengths: { type: ["array", "object"] },
    upstream: {
      type: "object",
      additionalProperties: false,
      properties: { outputs: values, final: values },
    },
  },
};

export function readRunInput(json: unknown, file: string): RunInput {
  const isRunInput = new Ajv({
    strict: true,
    allErrors: true,
    verbose: true,
    allowUnionTypes: true,
  }).compile<RunInput>(SCHEMA);
  if (isRunInput(json)) return json;
  const lines = (isRunInput.errors ?? []).map((e) => {
    const where = `error: ${file}${e.instancePath}`;
    if (e.keyword !== "additionalProperties") return `${where}: ${e.message}`;
    const known = Object.keys((e.parentSchema?.properties ?? {}) as object).join(", ");
    return `${where}: there is no \`${String(e.params.additionalProperty)}\` (there are ${known})`;
  });
  throw new Failure(lines.join("\n"), 1);
}
