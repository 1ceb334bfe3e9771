/** @file Random numbers that depend on a seed and a name alone. In: seed, name, counters. Out: streams
 *  of numbers; the same bits for the same arguments, whatever else was drawn. Never keeps state outside
 *  a stream. */
import type { RandomInfo } from "./artifact/artifact.ts";
import { elements, shapeOf } from "./artifact/extent.ts";

/** A stream of independent draws. */
export interface Random {
  /** A whole number in [0, 2³²). */
  word(): number;
  /** Uniform on [0, 1), 53 bits. */
  uniform(): number;
  /** Standard normal, by Box and Muller's transform. */
  normal(): number;
}

/**
 * The stream of (seed, name, counters): Philox4x32-10, keyed by a digest of all three.
 * `seed` is a whole number in [0, 2⁵³); counters, say the step, in [0, 2³²).
 * Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", https://doi.org/10.1145/2063384.2063405.
 */
export function random(seed: number, name: string, ...counters: readonly number[]): Random {
  const key = digest(seed, name, counters);
  const counter = new Uint32Array(4);
  const block = new Uint32Array(4);
  let used = 4;
  let spare: number | null = null;
  const word = (): number => {
    if (used === 4) {
      philox(counter, key, block);
      increment(counter);
      used = 0;
    }
    return block[used++]!;
  };
  // 27 and 26 high bits of two words, as in "genrand_res53" of the Mersenne Twister's authors.
  const uniform = (): number => ((word() >>> 5) * 2 ** 26 + (word() >>> 6)) / 2 ** 53;
  const normal = (): number => {
    if (spare !== null) {
      const kept = spare;
      spare = null;
      return kept;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
  return { word, uniform, normal };
}

/** The keep-mask of training step `step`: 1 with probability `keep`, else 0; [seq?][B][…shape]. */
export function keepMask(
  info: RandomInfo,
  sizes: Readonly<Record<string, number>>,
  seed: number,
  step: number,
): { readonly data: Float32Array; readonly shape: readonly number[] } {
  const outer = info.seq === null ? ["B"] : [info.seq, "B"];
  const shape = shapeOf([...outer, ...info.shape], sizes);
  const { uniform } = random(seed, `random:${info.name}`, step);
  const data = new Float32Array(elements(shape));
  for (let i = 0; i < data.length; i++) data[i] = uniform() < info.keep ? 1 : 0;
  return { data, shape };
}

/** A permutation of 0 … count − 1, each equally likely (Fisher and Yates). */
export function permutation(count: number, { word }: Pick<Random, "word">): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    // Words past the last whole multiple of i + 1 would favour small numbers: they are drawn again.
    const whole = 2 ** 32 - (2 ** 32 % (i + 1));
    let draw = word();
    while (draw >= whole) draw = word();
    const j = draw % (i + 1);
    const kept = order[i]!;
    order[i] = order[j]!;
    order[j] = kept;
  }
  return order;
}

const MULTIPLIERS = [0xd2511f53, 0xcd9e8d57] as const;
const WEYL = [0x9e3779b9, 0xbb67ae85] as const;
const ROUNDS = 10;

/** Ten rounds of Philox4x32 on `counter` under `key`, into `out`. */
export function philox(
  counter: Uint32Array,
  key: readonly [number, number],
  out: Uint32Array,
): void {
  let [k0, k1] = key;
  out.set(counter);
  for (let round = 0; round < ROUNDS; round++) {
    const [a, b, c, d] = [out[0]!, out[1]!, out[2]!, out[3]!];
    out[0] = high(MULTIPLIERS[1], c) ^ b ^ k0;
    out[1] = Math.imul(MULTIPLIERS[1], c);
    out[2] = high(MULTIPLIERS[0], a) ^ d ^ k1;
    out[3] = Math.imul(MULTIPLIERS[0], a);
    k0 = (k0 + WEYL[0]) >>> 0;
    k1 = (k1 + WEYL[1]) >>> 0;
  }
}

/** The high 32 bits of the 64-bit product. */
function high(a: number, b: number): number {
  const [ah, al, bh, bl] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff];
  const low = al * bl;
  const middle = ah * bl + (low >>> 16);
  const cross = al * bh + (middle & 0xffff);
  return (ah * bh + (middle >>> 16) + (cross >>> 16)) >>> 0;
}

function increment(counter: Uint32Array): void {
  for (let i = 0; i < 4; i++) {
    counter[i]! += 1;
    if (counter[i] !== 0) return;
  }
}

/** Absorbs seed, name and counters four words at a time: each block is enciphered under the key so far. */
function digest(
  seed: number,
  name: string,
  counters: readonly number[],
): readonly [number, number] {
  const bytes = new TextEncoder().encode(name);
  const words = [bytes.length, counters.length, ...counters];
  for (let i = 0; i < bytes.length; i += 4)
    words.push(
      (bytes[i]! |
        ((bytes[i + 1] ?? 0) << 8) |
        ((bytes[i + 2] ?? 0) << 16) |
        ((bytes[i + 3] ?? 0) << 24)) >>>
        0,
    );
  let key: readonly [number, number] = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
  const block = new Uint32Array(4);
  for (let i = 0; i < words.length; i += 4) {
    block.fill(0);
    block.set(words.slice(i, i + 4));
    philox(Uint32Array.from(block), key, block);
    key = [block[0]!, block[1]!];
  }
  return key;
}
