/** @file Draws parameters. In: parameters' shapes and initialisers, a seed. Out: float64 tensors. Each
 *  depends on the seed, its own name and shape alone: adding a parameter changes no other. */
import type { ParamInfo } from "./artifact/artifact.ts";
import { elements } from "./artifact/extent.ts";
import {
  INITIALISERS,
  type InitialiserName,
  type InitialiserSpec,
} from "./artifact/initialisers.ts";
import { type Random, random } from "./random.ts";

export interface InitialTensor {
  readonly data: Float64Array;
  readonly shape: readonly number[];
}

/** All of `params`, by name. `seed` is a whole number in [0, 2⁵³). */
export function initialise(
  params: readonly ParamInfo[],
  seed: number,
): ReadonlyMap<string, InitialTensor> {
  return new Map(params.map((param) => [param.name, initialTensor(param, seed)]));
}

export function initialTensor(
  { name, shape, initialiser }: ParamInfo,
  seed: number,
): InitialTensor {
  const table: Readonly<Record<string, InitialiserSpec>> = INITIALISERS;
  const args = new Map(table[initialiser.name]!.args.map((a) => [a.name, a.default]));
  for (const [arg, value] of Object.entries(initialiser.args)) args.set(arg, value);
  const data = new Float64Array(elements(shape));
  const draw: Draw = {
    data,
    shape,
    random: random(seed, `param:${name}`),
    arg: (arg) => args.get(arg) ?? 0,
  };
  DRAWS[initialiser.name as InitialiserName](draw);
  return { data, shape };
}

/** fan_in and fan_out: [out, in, …rest] has in · rest and out; a vector [n] n and n; a scalar 1 and 1. */
export function fans(shape: readonly number[]): { readonly in: number; readonly out: number } {
  const [first = 1, ...rest] = shape;
  return rest.length === 0 ? { in: first, out: first } : { in: elements(rest), out: first };
}

interface Draw {
  readonly data: Float64Array;
  readonly shape: readonly number[];
  readonly random: Random;
  /** An argument, or its default. */
  readonly arg: (name: string) => number;
}

const DRAWS: Readonly<Record<InitialiserName, (draw: Draw) => void>> = {
  zeros: ({ data }) => data.fill(0),
  ones: ({ data }) => data.fill(1),
  const: ({ data, arg }) => data.fill(arg("value")),
  uniform: (d) => uniform(d, d.arg("low"), d.arg("high")),
  normal: (d) => each(d, () => d.arg("mean") + d.arg("std") * d.random.normal()),
  truncated_normal: (d) => each(d, () => d.arg("mean") + d.arg("std") * truncated(d.random)),
  glorot_uniform: (d) => uniformOf(d, glorot(d)),
  glorot_normal: (d) => normalOf(d, glorot(d)),
  he_uniform: (d) => uniformOf(d, 2 / fans(d.shape).in),
  he_normal: (d) => normalOf(d, 2 / fans(d.shape).in),
  lecun_uniform: (d) => uniformOf(d, 1 / fans(d.shape).in),
  lecun_normal: (d) => normalOf(d, 1 / fans(d.shape).in),
  orthogonal,
  identity: ({ data, shape, arg }) => {
    const { rows, columns } = matrix(shape);
    for (let i = 0; i < Math.min(rows, columns); i++) data[i * columns + i] = arg("gain");
  },
  chrono: (d) => {
    const range = d.arg("T_max") - 2;
    each(d, () => Math.log(1 + range * d.random.uniform()));
  },
  fan_in_uniform: (d) => {
    const bound = d.arg("gain") / Math.sqrt(fans(d.shape).in);
    uniform(d, -bound, bound);
  },
};

function each({ data }: Draw, next: () => number): void {
  for (let i = 0; i < data.length; i++) data[i] = next();
}

function uniform(d: Draw, low: number, high: number): void {
  each(d, () => low + (high - low) * d.random.uniform());
}

const glorot = ({ shape }: Draw): number => 2 / (fans(shape).in + fans(shape).out);

/** Uniform on ±a has variance a² / 3. */
function uniformOf(d: Draw, variance: number): void {
  const bound = d.arg("gain") * Math.sqrt(3 * variance);
  uniform(d, -bound, bound);
}

function normalOf(d: Draw, variance: number): void {
  each(d, () => d.arg("gain") * Math.sqrt(variance) * d.random.normal());
}

function truncated({ normal }: Random): number {
  let z = normal();
  while (Math.abs(z) > 2) z = normal();
  return z;
}

/** [out, in, …rest] as out × (in · rest); a vector as one row. */
function matrix(shape: readonly number[]): { readonly rows: number; readonly columns: number } {
  return shape.length < 2
    ? { rows: 1, columns: shape[0] ?? 1 }
    : { rows: shape[0]!, columns: elements(shape.slice(1)) };
}

/**
 * Gram and Schmidt's process, run twice over each vector, on normal ones: its R has a positive
 * diagonal, which makes Q uniform over the orthogonal group (Mezzadri 2007, math-ph/0609050).
 */
function orthogonal({ data, shape, random: { normal }, arg }: Draw): void {
  const { rows, columns } = matrix(shape);
  const wide = rows <= columns;
  const count = wide ? rows : columns;
  const length = wide ? columns : rows;
  const basis: Float64Array[] = [];
  while (basis.length < count) {
    const vector = Float64Array.from({ length }, normal);
    for (let pass = 0; pass < 2; pass++)
      for (const other of basis) {
        const along = dot(vector, other);
        for (let i = 0; i < length; i++) vector[i]! -= along * other[i]!;
      }
    const norm = Math.sqrt(dot(vector, vector));
    basis.push(vector.map((x) => x / norm));
  }
  const gain = arg("gain");
  for (const [k, vector] of basis.entries())
    for (const [i, x] of vector.entries())
      data[wide ? k * columns + i : i * columns + k] = gain * x;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
