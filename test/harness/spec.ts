/** @file Specs through the public interface. In: a file of specs/ or a text, an entry, sizes. Out: its
 *  artifact. A spec that does not compile throws with its diagnostics as people read them. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Artifact, type CompileRequest, compile } from "../../compiler/index.ts";
import { render } from "../../grammar/diagnostic.ts";

/** The repository. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export interface SpecRequest extends Omit<CompileRequest, "read"> {
  /** What `file` holds, where it is no file of the repository. */
  readonly text?: string;
  /** Warnings do not throw: what is run is somebody else's choice of activations and weights. */
  readonly mayWarn?: boolean;
}

/** Paths from the repository's root, or from specs/, as imports of the library are. */
export function reader(file: string, text: string | undefined): (path: string) => string | null {
  return (path) => {
    if (path === file && text !== undefined) return text;
    const found = [join(ROOT, path), join(ROOT, "specs", path)].find((p) => existsSync(p));
    return found === undefined ? null : readFileSync(found, "utf8");
  };
}

/** The artifact; throws where the spec has an error or a warning. */
export function compileSpec({ text, mayWarn, ...request }: SpecRequest): Artifact {
  const read = reader(request.file, text);
  const { artifact, diagnostics, checked } = compile({ ...request, read });
  if (artifact === null || (diagnostics.length > 0 && mayWarn !== true)) {
    const sources = new Map(checked.files.map((f) => [f.path, f.text]));
    throw new Error(`${request.entry ?? request.file}:\n${render(diagnostics, sources)}`);
  }
  return artifact;
}

/** `compileSpec` that compiles the same request once; for a test file of many runs of few specs. */
export function specCache(): (request: SpecRequest) => Artifact {
  const known = new Map<string, Artifact>();
  return (request) => {
    const key = JSON.stringify(request);
    const artifact = known.get(key) ?? compileSpec(request);
    known.set(key, artifact);
    return artifact;
  };
}
