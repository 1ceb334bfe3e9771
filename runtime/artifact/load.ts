/** @file The border: what is behind it is trusted. In: anything. Out: an artifact whose form, names,
 *  shapes and data flow hold, or every reason why not. Never throws, never runs anything of it. */
import { type Artifact, FORMAT, VERSION } from "./artifact.ts";
import { validate } from "./check.generated.ts";
import { type Result, fail, fault, ok } from "./fault.ts";
import { tooLarge } from "./limits.ts";
import { verify } from "./verify.ts";

/** ajv's code for `schema.ts`, written by `npm run build:schema`; a test holds the two together. */
const isArtifact = validate as (json: unknown) => json is Artifact;

/** An artifact from what JSON.parse gave. */
export async function load(json: unknown): Promise<Result<Artifact>> {
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
  if (!isArtifact(json)) return fail(...(await import("./form-faults.ts")).formFaults(json));
  const faults = verify(json);
  return faults.length === 0 ? ok(json) : fail(...faults);
}

/** An artifact from the text or bytes of its file. */
export async function parse(text: string | Uint8Array): Promise<Result<Artifact>> {
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
