/** @file The border: what is behind it is trusted. In: anything. Out: an artifact whose form, names,
 *  shapes and data flow hold, or every reason why not. Never throws, never runs anything of it. */
import type { ErrorObject } from "ajv";
import { type Artifact, FORMAT, VERSION } from "./artifact.ts";
import { type Fault, type Result, fail, fault, ok } from "./fault.ts";
import { tooLarge } from "./limits.ts";
import { validate } from "./validate.generated.ts";
import { verify } from "./verify.ts";

/** An artifact from what JSON.parse gave. */
export function load(json: unknown): Result<Artifact> {
  const large = tooLarge(json);
  if (large !== null) return fail(large);
  const header = json as Partial<Record<string, unknown>> | null;
  if (typeof header !== "object" || header === null || header.format !== FORMAT)
    return fail(
      fault("R101", "", `it has no "format": "${FORMAT}"`, "make one with `cellc compile`"),
    );
  if (header.version !== VERSION)
    return fail(
      fault(
        "R102",
        "version",
        `version ${JSON.stringify(header.version)} is given, ${VERSION} is read`,
        "compile the spec again with this release",
      ),
    );
  if (!isArtifact(json)) return fail(...formFaults(isArtifact.errors ?? []));
  const faults = verify(json);
  return faults.length === 0 ? ok(json) : fail(...faults);
}

/** An artifact from the text or bytes of its file. */
export function parse(text: string | Uint8Array): Result<Artifact> {
  const json = decode(text);
  return json.ok ? load(json.value) : json;
}

function decode(text: string | Uint8Array): Result<unknown> {
  try {
    const source =
      typeof text === "string" ? text : new TextDecoder("utf-8", { fatal: true }).decode(text);
    return ok(JSON.parse(source) as unknown);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return fail(fault("R101", "", `it is not JSON: ${why}`, "make one with `cellc compile`"));
  }
}

/** ajv's code for `schema.ts`, written by `npm run build:schema`; a test holds the two together. */
const isArtifact = validate as unknown as {
  (json: unknown): json is Artifact;
  readonly errors?: readonly ErrorObject[] | null;
};

/** Of the forms that a value might have had, the one that matched furthest down says why. */
function formFaults(errors: readonly ErrorObject[]): readonly Fault[] {
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
