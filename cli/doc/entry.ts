/** @file An entry with sizes to show numbers for. In: a spec, what the reader asked for. Out: the checked
 *  entry, and which sizes are only examples. Never a size that is wrong for the spec. */
import { check, checkSizes } from "../../compiler/2-check/check.ts";
import type { Checked } from "../../compiler/2-check/checked.ts";
import type { Entry } from "../../compiler/3-lower/lower.ts";
import { type Chosen, chooseEntry } from "../../compiler/entry.ts";
import { hasErrors } from "../../grammar/diagnostic.ts";
import { Failure } from "../fail.ts";
import { reader, report, sourcePath } from "../source.ts";

/** A dim that neither the spec nor the reader gives a size: what a small layer has. */
const EXAMPLE = 128;

export interface Documented {
  readonly checked: Checked;
  readonly entry: Entry;
  /** Dims that have the example size. */
  readonly examples: ReadonlySet<string>;
}

export function checkedFile(file: string, json: boolean): Checked {
  const checked = check(sourcePath(file), reader());
  report(checked.diagnostics, checked.files, json);
  return checked;
}

/** Throws a Failure with the diagnostics where there is no such entry, or the sizes do not fit. */
export function entryOf(
  checked: Checked,
  file: string,
  name: string | undefined,
  given: Readonly<Record<string, number>>,
  json: boolean,
): Documented {
  const examples = new Set<string>();
  for (;;) {
    const sizes = Object.fromEntries([...examples].map((d) => [d, EXAMPLE]));
    const chosen = chooseEntry(checked, {
      file: sourcePath(file),
      entry: name,
      dims: { ...sizes, ...given },
    });
    const missing = missingDim(checked, chosen);
    if (missing !== null) {
      examples.add(missing);
      continue;
    }
    const { entry } = chosen;
    const misfits = entry === null ? [] : checkSizes(checked, entry.name, entry.dims);
    report([...chosen.diagnostics, ...misfits], checked.files, json);
    if (entry === null || hasErrors(misfits)) throw new Failure("", 1);
    return { checked, entry, examples };
  }
}

/** The first dim without a size: those after it may take theirs from it. */
function missingDim(checked: Checked, { diagnostics }: Chosen): string | null {
  const first = diagnostics.find((d) => d.code === "E303");
  if (first === undefined || diagnostics.some((d) => d.code !== "E303")) return null;
  const { file, start, end } = first.span;
  return checked.files.find((f) => f.path === file)?.text.slice(start, end) ?? null;
}
