/** @file Parameters as callers give them. In: values by name. Out: tensors of the declared shapes, or
 *  every fault. */
import type { ParamInfo } from "./artifact/artifact.ts";
import { type Fault, type Result, fail, fault, ok } from "./artifact/fault.ts";
import { RuntimeError } from "./errors.ts";
import { type Values, missing, record, unknown } from "./request.ts";
import { type Bound, type Tensor, read } from "./values.ts";

/** By name, without prefix. `partial`: parameters may be left out. */
export function readParams(
  params: readonly ParamInfo[],
  values: Values,
  partial: boolean,
): Result<ReadonlyMap<string, Tensor>> {
  const faults: Fault[] = [];
  const given = record(values, "params", faults);
  unknown(given, params, "parameter", "params", faults);
  const bound: Bound = new Map();
  const tensors = new Map<string, Tensor>();
  for (const { name, shape } of params) {
    if (!Object.hasOwn(given, name)) {
      if (!partial) faults.push(missing("parameter", name, "params"));
      continue;
    }
    const wanted = {
      what: `parameter \`${name}\``,
      path: `params.${name}`,
      extents: shape,
      of: null,
    };
    const result = read(given[name], wanted, bound);
    if (result.ok) tensors.set(name, result.value);
    else faults.push(...result.faults);
  }
  return faults.length === 0 ? ok(tensors) : fail(...faults);
}

/** Seeds are whole numbers in [0, 2⁵³). */
export function checkSeed(seed: number): void {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new RuntimeError([
      fault("R205", "seed", `${seed} is not a seed`, "give a whole number from 0 to 2⁵³ − 1"),
    ]);
}
