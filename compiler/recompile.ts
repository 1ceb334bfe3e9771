/** @file From an artifact back to its equations. In: an artifact. Out: its declarations and entry, checked again
 *  from the source that it carries. Never another cell's: the hash decides. */
import type { Artifact } from "../runtime/artifact/artifact.ts";
import { check } from "./2-check/check.ts";
import type { Checked } from "./2-check/checked.ts";
import type { Entry } from "./3-lower/lower.ts";
import { createPlaces, type Places } from "./3-lower/places.ts";
import { hashOf } from "./compile.ts";
import { chooseEntry } from "./entry.ts";
import { createStager } from "./programs.ts";

export interface Source {
  readonly checked: Checked;
  readonly entry: Entry;
  readonly places: Places;
}

/** Null where the source no longer gives the artifact's equations: another compiler made it. */
export function recompiled(artifact: Artifact): Source | null {
  const { files } = artifact.source;
  const [main] = files;
  if (main === undefined) return null;
  const texts = new Map(files.map((f) => [f.path, f.text]));
  const checked = check(main.path, (path) => texts.get(path) ?? null);
  if (checked.diagnostics.some((d) => d.severity === "error")) return null;
  const { name, direction } = artifact.entry;
  const request = { file: main.path, entry: name, dims: artifact.dims, direction };
  const { entry } = chooseEntry(checked, request);
  if (entry === null) return null;
  const places = createPlaces(checked.files);
  const same =
    hashOf(entry, createStager(checked, entry, places).lowered({}, false)) === artifact.hash;
  return same ? { checked, entry, places } : null;
}
