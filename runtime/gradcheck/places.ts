/** @file Which equations a tensor enters by. In: an artifact, a store name. Out: places in the spec. */
import type { Artifact } from "../artifact/artifact.ts";
import { type Place, placeAt } from "../artifact/place.ts";

/** The equations that read it, in their order; its declaration where none does. */
export function placesOf(artifact: Artifact, store: string): readonly Place[] {
  const reads = artifact.source.reads[store] ?? [];
  const name = store.slice(store.indexOf(":") + 1);
  const declared = [...artifact.params, ...artifact.inputs, ...artifact.states];
  const own = declared.flatMap((d) => (d.name === name ? [d.place] : []));
  return (reads.length > 0 ? reads : own).map((i) => placeAt(artifact, i));
}
