/** @file What the numbers of one traced value say. In: values [B][T][…], lengths, a range. Out: moments, a
 *  histogram, how much of the time each unit is saturated. Steps past a sample's length never count. */
import type { Real } from "../../runtime/devices/device.ts";

export interface Stats {
  /** Values inside samples, and those of them that are NaN or infinite: these count in nothing below. */
  readonly count: number;
  readonly nonFinite: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly deviation: number;
  /** counts[i] values in [edges[i], edges[i + 1]), the last one with its end. */
  readonly histogram: { readonly edges: readonly number[]; readonly counts: readonly number[] };
  /** The mean over samples and units at each step. */
  readonly meanByStep: readonly number[];
  readonly saturation: Saturation | null;
}

/**
 * Shares in [0, 1] of the values within `tolerance` · (b − a) of an end of the range [a, b]: at σ(z) and
 * tanh(z) alike, 0.05 means that the slope is under a fifth of its largest, 4 · 0.05 · 0.95. By unit as
 * Karpathy, Johnson & Fei-Fei 2015 (arXiv:1506.02078), section 4.2, draw it.
 */
export interface Saturation {
  readonly range: readonly [number, number];
  readonly low: number;
  readonly high: number;
  readonly total: number;
  readonly byUnit: { readonly low: readonly number[]; readonly high: readonly number[] };
  readonly byStep: readonly number[];
}

export interface Numbers {
  readonly data: Real;
  readonly samples: number;
  readonly steps: number;
  /** Numbers of one step of one sample. */
  readonly units: number;
  /** Steps of each sample; null: all have all. */
  readonly lengths: readonly number[] | null;
}

export const BINS = 40;

/** `range`: where a histogram lies, and against which saturation is measured where `saturates`. */
export function statsOf(
  numbers: Numbers,
  range: readonly [number, number] | null,
  saturates: boolean,
  tolerance: number,
): Stats {
  const { steps } = numbers;
  const total = { count: 0, nonFinite: 0, sum: 0, min: Infinity, max: -Infinity };
  const stepSum = new Float64Array(steps);
  const stepCount = new Float64Array(steps);
  each(numbers, (v, t) => {
    total.count++;
    if (!Number.isFinite(v)) {
      total.nonFinite++;
      return;
    }
    total.sum += v;
    total.min = Math.min(total.min, v);
    total.max = Math.max(total.max, v);
    stepSum[t]! += v;
    stepCount[t]! += 1;
  });
  const finite = total.count - total.nonFinite;
  const mean = finite === 0 ? 0 : total.sum / finite;
  const [min, max] = finite === 0 ? [0, 0] : [total.min, total.max];
  let squares = 0;
  each(numbers, (v) => {
    if (Number.isFinite(v)) squares += (v - mean) ** 2;
  });
  const within = range !== null && min >= range[0] && max <= range[1] ? range : spread(min, max);
  return {
    count: total.count,
    nonFinite: total.nonFinite,
    min,
    max,
    mean,
    deviation: finite === 0 ? 0 : Math.sqrt(squares / finite),
    histogram: histogramOf(numbers, within),
    meanByStep: Array.from(stepSum, (s, t) => ratio(s, stepCount[t]!)),
    saturation: range !== null && saturates ? saturationOf(numbers, range, tolerance) : null,
  };
}

function histogramOf(numbers: Numbers, [from, to]: readonly [number, number]): Stats["histogram"] {
  const counts = new Array<number>(BINS).fill(0);
  const edges = Array.from({ length: BINS + 1 }, (_, i) =>
    i === BINS ? to : from + ((to - from) * i) / BINS,
  );
  each(numbers, (v) => {
    if (!Number.isFinite(v)) return;
    // The quotient may round across an edge: the edges decide.
    let bin = Math.max(0, Math.min(BINS - 1, Math.floor(((v - from) / (to - from)) * BINS)));
    while (bin > 0 && v < edges[bin]!) bin--;
    while (bin < BINS - 1 && v >= edges[bin + 1]!) bin++;
    counts[bin]! += 1;
  });
  return { edges, counts };
}

function saturationOf(
  numbers: Numbers,
  range: readonly [number, number],
  tolerance: number,
): Saturation {
  const { steps, units } = numbers;
  const margin = tolerance * (range[1] - range[0]);
  const low = new Float64Array(units);
  const high = new Float64Array(units);
  const counted = new Float64Array(units);
  const stepHits = new Float64Array(steps);
  const stepCount = new Float64Array(steps);
  each(numbers, (v, t, u) => {
    if (!Number.isFinite(v)) return;
    const isLow = v <= range[0] + margin;
    const isHigh = !isLow && v >= range[1] - margin;
    counted[u]! += 1;
    stepCount[t]! += 1;
    if (isLow) low[u]! += 1;
    if (isHigh) high[u]! += 1;
    if (isLow || isHigh) stepHits[t]! += 1;
  });
  const sum = (list: Float64Array): number => list.reduce((a, b) => a + b, 0);
  const share = (list: Float64Array): number => ratio(sum(list), sum(counted));
  return {
    range,
    low: share(low),
    high: share(high),
    total: ratio(sum(low) + sum(high), sum(counted)),
    byUnit: {
      low: Array.from(low, (n, u) => ratio(n, counted[u]!)),
      high: Array.from(high, (n, u) => ratio(n, counted[u]!)),
    },
    byStep: Array.from(stepHits, (n, t) => ratio(n, stepCount[t]!)),
  };
}

function each(
  { data, samples, steps, units, lengths }: Numbers,
  visit: (value: number, step: number, unit: number) => void,
): void {
  for (let b = 0; b < samples; b++) {
    const end = lengths?.[b] ?? steps;
    for (let t = 0; t < end; t++) {
      const at = (b * steps + t) * units;
      for (let u = 0; u < units; u++) visit(data[at + u]!, t, u);
    }
  }
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/** An interval of some width around a value that never changes. */
function spread(min: number, max: number): readonly [number, number] {
  if (max > min) return [min, max];
  const half = Math.max(1e-6, Math.abs(min) * 1e-3);
  return [min - half, min + half];
}
