/** @file Where a gradient is checked. In: an artifact, a seed, sizes. Out: every tensor that the gradient
 *  programs read, random, every value a float32. */
import type { Artifact, Programs } from "../artifact/artifact.ts";
import { elements, shapeOf } from "../artifact/extent.ts";
import { type Slot, sequences, signature } from "../artifact/signature.ts";
import type { Sizes } from "../devices/device.ts";
import { initialise } from "../initialise.ts";
import { random } from "../random.ts";
import type { Tensor } from "../values.ts";

export interface Case {
  readonly name: string;
  readonly forward: keyof Programs;
  readonly gradient: keyof Programs;
  /** By sequence; null: every sample has all steps. */
  readonly lengths: ReadonlyMap<string, readonly number[]> | null;
  /** Whether states whose initial value is computed are given one. */
  readonly given: boolean;
}

/** With all steps and with lengths; and, where a state's start is computed, with it given and not. */
export function cases(artifact: Artifact, sizes: Sizes): readonly Case[] {
  const learned = artifact.states.some((s) => s.initial === null);
  const names = sequences(artifact);
  const lengths = new Map(
    names.map((s) => [
      s,
      Array.from({ length: sizes.B! }, (_, b) => shortened(sizes[s]!, b, sizes.B!)),
    ]),
  );
  const list: Case[] = [];
  for (const given of learned ? [false, true] : [true]) {
    const states = learned ? (given ? "; initial states given" : "; initial states learned") : "";
    const all = { forward: "forward", gradient: "gradient", lengths: null, given } as const;
    list.push({ ...all, name: `all steps${states}` });
    if (names.length === 0) continue;
    const said = names.map((s) => `${s} ${lengths.get(s)!.join(", ")}`).join("; ");
    const masked = {
      forward: "forwardMasked",
      gradient: "gradientMasked",
      lengths,
      given,
    } as const;
    list.push({ ...masked, name: `lengths ${said}${states}` });
  }
  return list;
}

/** All steps for the first of several samples, fewer and fewer for the others. */
function shortened(steps: number, b: number, samples: number): number {
  return Math.max(1, steps - (samples === 1 ? 1 : 2 * b));
}

/**
 * Parameters lie around their initial values and states around theirs (a tenth of a standard normal
 * away, so that zeros and ones hide nothing), inputs and upstream gradients are standard normal,
 * tokens uniform. The same tensor has the same values in every case.
 */
export function point(
  artifact: Artifact,
  seed: number,
  sizes: Sizes,
  { gradient, lengths, given }: Case,
): ReadonlyMap<string, Tensor> {
  const params = initialise(artifact.params, seed);
  const starts = new Map(artifact.states.map((s) => [s.name, s.initial ?? 0]));
  const tokens = new Map(artifact.inputs.map((i) => [i.name, i.of]));
  const tensor = (store: string, { shape: extents }: Slot): Tensor => {
    const shape = shapeOf(extents, sizes);
    const [kind, name] = split(store);
    const { normal, uniform } = random(seed, `gradcheck:${store}`);
    const fill = (value: (i: number) => number): Tensor => ({
      data: Float64Array.from({ length: elements(shape) }, (_, i) => Math.fround(value(i))),
      shape,
    });
    switch (kind) {
      case "param":
        return fill((i) => params.get(name)!.data[i]! + NEAR * normal());
      case "initial":
        return fill(() => starts.get(name)! + NEAR * normal());
      case "given":
        return fill(() => (given ? 1 : 0));
      case "length":
        return fill((b) => lengths!.get(name)![b]!);
      case "input": {
        const of = tokens.get(name) ?? null;
        return of === null ? fill(normal) : fill(() => Math.floor(uniform() * of));
      }
      default:
        return fill(normal);
    }
  };
  return new Map(
    [...signature(artifact, gradient).inputs].map(([store, slot]) => [store, tensor(store, slot)]),
  );
}

const NEAR = 0.1;

function split(store: string): readonly [string, string] {
  const at = store.indexOf(":");
  return [store.slice(0, at), store.slice(at + 1)];
}
