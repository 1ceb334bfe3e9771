/** @file A model's weights in a safetensors file. In: parameters, or a file's bytes. Out: bytes with the
 *  artifact's hash, or parameters of the shapes that the artifact declares. */
import type { Artifact } from "./artifact/artifact.ts";
import { type Result, fail, fault } from "./artifact/fault.ts";
import { readParams } from "./params.ts";
import { loadTensors, saveTensors } from "./safetensors.ts";
import type { Tensor } from "./values.ts";

export const WEIGHTS_FORMAT = "cellc-weights";

export interface LoadWeightsOptions {
  /** Takes weights of another spec, where every name and shape still fits. */
  readonly allowHash?: boolean;
}

/** `metadata` is kept beside the hash: strings of the caller's own. */
export function saveWeights(
  artifact: Artifact,
  params: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  return saveTensors(new Map(Object.entries(params)), {
    ...metadata,
    format: WEIGHTS_FORMAT,
    version: "1",
    entry: artifact.entry.name,
    hash: artifact.hash,
  });
}

/** R301 for a malformed file, R302 for another model's, R201 to R205 for tensors that do not fit. */
export function loadWeights(
  artifact: Artifact,
  bytes: Uint8Array,
  { allowHash = false }: LoadWeightsOptions = {},
): Result<ReadonlyMap<string, Tensor>> {
  const file = loadTensors(bytes);
  if (!file.ok) return file;
  const { tensors, metadata } = file.value;
  if (!allowHash && metadata.hash !== artifact.hash)
    return fail(
      fault(
        "R302",
        "",
        metadata.hash === undefined
          ? "the file does not say which model its weights are of"
          : `the weights are of ${metadata.entry ?? "a model"} with hash ${brief(metadata.hash)}; ${artifact.entry.name} has ${brief(artifact.hash)}`,
        "compile the spec that was trained, or allow another hash where names and shapes still fit",
      ),
    );
  return readParams(artifact.params, Object.fromEntries(tensors), false);
}

const brief = (hash: string): string => `${hash.slice(0, 12)}…`;
