/** @file A trace as data. In: a trace. Out: the JSON of `cellc trace`, and files by name: trace.json, an .npy a
 *  value, trace.html. Numbers of a picture are the numbers of the JSON. */
import type { Real } from "../../runtime/devices/device.ts";
import { nested } from "../../runtime/values.ts";
import { npyBytes } from "../npy.ts";
import { tracePage } from "./page.ts";
import type { Trace, TracedTensor } from "./run.ts";

/** Numbers that are written out in JSON; more of them are in the .npy files alone. */
export const MOST_NUMBERS = 1_000_000;

/** Of one value: what it is, what its numbers say. */
export function factsOf({ data: _, ...value }: TracedTensor) {
  return value;
}

export type Facts = ReturnType<typeof reportOf>;

/** All but the numbers themselves; `file` is where those are beside trace.json. */
export function reportOf(trace: Trace, input: string, weights: string) {
  const files = fileNames(trace.values);
  return {
    ...trace,
    input,
    weights,
    values: trace.values.map((v, i) => ({ ...factsOf(v), file: files[i]! })),
  };
}

/** With `data`, [B][steps][…], or null in its place where that would be too many numbers. */
export function withNumbers(facts: Facts, trace: Trace): object {
  const all = countOf(trace) <= MOST_NUMBERS;
  return {
    ...facts,
    values: facts.values.map((v, i) => {
      const { data, extents } = trace.values[i]!;
      return { ...v, data: all ? nested({ data: written(data), shape: extents }) : null };
    }),
  };
}

export function countOf(trace: Trace): number {
  return trace.values.reduce((n, { data }) => n + data.length, 0);
}

/** Every file of a trace's folder. */
export async function filesOf(
  facts: Facts,
  trace: Trace,
): Promise<ReadonlyMap<string, string | Uint8Array>> {
  return new Map<string, string | Uint8Array>([
    ...trace.values.map((v, i): [string, Uint8Array] => [
      facts.values[i]!.file,
      npyBytes(v.data, v.extents),
    ]),
    ["trace.html", await tracePage(facts, trace)],
    ["trace.json", `${JSON.stringify(withNumbers(facts, trace))}\n`],
  ]);
}

/** float32 values with the nine digits that tell them apart; JSON has no word for what is not finite. */
function written(data: Real): Float64Array {
  return data instanceof Float64Array
    ? data
    : Float64Array.from(data, (v) => (Number.isFinite(v) ? Number(v.toPrecision(9)) : v));
}

/** Names are identifiers and dots. Where a file system takes `I` and `i` for one, the second has a number. */
function fileNames(values: readonly TracedTensor[]): readonly string[] {
  const used = new Map<string, number>();
  return values.map(({ name, role }) => {
    const base = role === "input" ? `input.${name}` : name;
    const n = (used.get(base.toLowerCase()) ?? 0) + 1;
    used.set(base.toLowerCase(), n);
    return `${base}${n === 1 ? "" : `~${n}`}.npy`;
  });
}
