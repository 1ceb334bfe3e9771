/** @file Why data is no artifact. In: what the check of its form refused. Out: faults with paths. Loaded with
 *  the first data that is refused. */
import type { ErrorObject } from "ajv";
import { type Fault, fault } from "./fault.ts";
import { validate } from "./validate.generated.ts";

/** ajv's code for `schema.ts`, written by `npm run build:schema`. */
const validator = validate as unknown as {
  (json: unknown): boolean;
  readonly errors?: readonly ErrorObject[] | null;
};

/** Of the forms that a value might have had, the one that matched furthest down says why. */
export function formFaults(json: unknown): readonly Fault[] {
  if (validator(json)) throw new Error("the two validators of one schema disagree");
  const errors = validator.errors ?? [];
  const deepest = errors.reduce((max, e) => Math.max(max, depth(e)), 0);
  const telling = errors.filter((e) => depth(e) === deepest && e.keyword !== "anyOf");
  const seen = new Set<string>();
  return (telling.length === 0 ? errors : telling)
    .map((e) => fault("R104", path(e.instancePath), words(e)))
    .filter((f) => {
      const key = `${f.path} ${f.message}`;
      return seen.has(key) ? false : seen.add(key);
    });
}

function depth({ instancePath }: ErrorObject): number {
  return instancePath.split("/").length;
}

function path(pointer: string): string {
  return pointer
    .split("/")
    .slice(1)
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce((p, key) => (/^\d+$/.test(key) ? `${p}[${key}]` : p === "" ? key : `${p}.${key}`), "");
}

function words({ keyword, params, message }: ErrorObject): string {
  switch (keyword) {
    case "additionalProperties":
      return `unknown field ${JSON.stringify(params.additionalProperty)}`;
    case "required":
      return `field ${JSON.stringify(params.missingProperty)} is missing`;
    case "enum":
      return `must be one of ${(params.allowedValues as readonly string[]).join(", ")}`;
    case "const":
      return `must be ${JSON.stringify(params.allowedValue)}`;
    default:
      return message ?? keyword;
  }
}
