/** @file A stream's states by name. In: the arrays that a stepper keeps. Out: get, set, snapshot,
 *  restore; all of what is given is checked before any of it is taken. */
import type { Artifact } from "./artifact/artifact.ts";
import type { Fault } from "./artifact/fault.ts";
import { stateSlot } from "./artifact/signature.ts";
import type { Real } from "./devices/device.ts";
import { RuntimeError } from "./errors.ts";
import { missing, record, unknown } from "./request.ts";
import { type Tensor, type Value, read } from "./values.ts";

/** States by slot name: `h`, and `h#2` for the value two steps back. */
export type Snapshot = Readonly<Record<string, Tensor>>;

export interface States {
  readonly slots: readonly Slot[];
  get(name: string): Tensor;
  set(name: string, value: Value): void;
  snapshot(): Snapshot;
  restore(snapshot: Snapshot): void;
}

export interface Slot {
  readonly name: string;
  /** Its name in the device's store. */
  readonly store: string;
  readonly shape: readonly number[];
  readonly array: Real;
}

export function states(
  artifact: Artifact,
  batch: number,
  arrayOf: (store: string) => Real,
): States {
  const slots = artifact.states.flatMap(({ name, shape, lags }) =>
    Array.from({ length: lags }, (_, k): Slot => {
      const store = stateSlot(name, k + 1);
      const slot = store.slice("state:".length);
      return { name: slot, store, shape: [batch, ...shape], array: arrayOf(store) };
    }),
  );
  const assign = (values: Readonly<Record<string, Value>>, path: string, all: boolean): void => {
    const faults: Fault[] = [];
    const given = record(values, path, faults);
    unknown(given, slots, "state", path, faults);
    const taken: { readonly array: Real; readonly data: Real }[] = [];
    for (const { name, shape, array } of slots) {
      if (!Object.hasOwn(given, name)) {
        if (all) faults.push(missing("state", name, path));
        continue;
      }
      const wanted = {
        what: `state \`${name}\``,
        path: `${path}.${name}`,
        extents: shape,
        of: null,
      };
      const result = read(given[name], wanted, new Map());
      if (result.ok) taken.push({ array, data: result.value.data });
      else faults.push(...result.faults);
    }
    if (faults.length > 0) throw new RuntimeError(faults);
    for (const { array, data } of taken) array.set(data);
  };
  const copy = ({ array, shape }: Slot): Tensor => ({ data: array.slice(), shape });
  return {
    slots,
    get: (name) => {
      const slot = slots.find((s) => s.name === name);
      if (slot !== undefined) return copy(slot);
      const faults: Fault[] = [];
      unknown({ [name]: 0 }, slots, "state", "states", faults);
      throw new RuntimeError(faults);
    },
    set: (name, value) => assign({ [name]: value }, "states", false),
    snapshot: () => Object.fromEntries(slots.map((slot) => [slot.name, copy(slot)])),
    restore: (snapshot) => assign(snapshot, "snapshot", true),
  };
}
