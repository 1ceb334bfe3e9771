/** @file What `cellc analyze` says. In: a subject, its measurement. Out: the JSON of --json, from which tables and
 *  pictures are made too. Never a number that is not in it. */
import type { Block } from "../../compiler/analyse/jacobian.ts";
import type { Measurement } from "./measure.ts";
import type { Subject } from "./subject.ts";

/** Norms as numbers, null where they leave float64's range; log10 always, null for a norm of 0. */
export interface Spread {
  readonly median: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly log10: {
    readonly median: number | null;
    readonly min: number | null;
    readonly max: number | null;
  };
}

export type ByLag = Spread & { readonly lag: number };

export interface Report {
  readonly entry: string;
  readonly file: string;
  readonly layer: string;
  readonly dims: Readonly<Record<string, number>>;
  readonly states: Subject["jacobian"]["states"];
  readonly jacobian: readonly {
    readonly of: string;
    readonly to: string;
    readonly lag: number;
    readonly terms: readonly {
      readonly text: string;
      readonly latex: string;
      readonly through: readonly string[];
      readonly lines: readonly string[];
      readonly direct: boolean;
    }[];
    readonly more: number;
  }[];
  readonly definitions: readonly {
    readonly name: string;
    readonly text: string;
    readonly latex: string;
  }[];
  readonly bound: readonly {
    readonly lag: number;
    readonly value: number | null;
    readonly log10: number | null;
  }[];
  /** Why there is no finite bound, or null. */
  readonly unbounded: string | null;
  readonly measured: readonly ByLag[];
  readonly gradient: readonly ByLag[];
  readonly gradient_of: "loss" | "outputs";
  /** Steps; null where the gradient never falls to half of what it is at lag 1. */
  readonly half_life: number | null;
  readonly half_life_range: readonly [number | null, number | null];
  readonly lyapunov: readonly {
    readonly median: number;
    readonly min: number;
    readonly max: number;
  }[];
  /** Where states are too many to take all of their rows back, how many directions stand for them; else null. */
  readonly directions: number | null;
  readonly runs: number;
  readonly weights: string | null;
  readonly data: string | null;
  readonly backend: string;
  readonly precision: "f32" | "f64";
}

export function reportOf(
  subject: Subject,
  m: Measurement,
  from: { readonly file: string; readonly weights: string | null; readonly data: string | null },
): Report {
  const { artifact, jacobian } = subject;
  const lives = m.reaches.map((r) => halfLife(r.gradient));
  const exponents = m.exponents[0] ?? [];
  return {
    entry: artifact.entry.name,
    file: from.file,
    layer: jacobian.layer.replace(/\.$/, ""),
    dims: artifact.dims,
    states: jacobian.states,
    jacobian: jacobian.blocks.map(blockOf),
    definitions: jacobian.definitions.map(({ name, text, latex }) => ({ name, text, latex })),
    bound: m.bound.map((log, k) => ({ lag: k + 1, value: numberOf(log), log10: log10Of(log) })),
    unbounded: m.reason,
    measured: byLag(m.reaches.map((r) => r.norms)),
    gradient: byLag(m.reaches.map((r) => r.gradient)),
    gradient_of: m.hasLoss ? "loss" : "outputs",
    half_life: lives.every((l) => l !== null) ? middle(lives) : null,
    half_life_range: [
      least(lives),
      lives.some((l) => l === null) ? null : Math.max(...lives.map(Number)),
    ],
    lyapunov: exponents.map((_, k) => {
      const xs = m.exponents.map((e) => e[k]!);
      return { median: middle(xs), min: Math.min(...xs), max: Math.max(...xs) };
    }),
    directions: m.reaches[0]?.directions ?? null,
    runs: m.reaches.length,
    weights: from.weights,
    data: from.data,
    backend: m.backend,
    precision: m.precision,
  };
}

function blockOf({ of, to, lag, terms, more }: Block): Report["jacobian"][number] {
  return {
    of,
    to,
    lag,
    terms: terms.map(({ text, latex, through, direct }) => ({
      text,
      latex,
      through: through.map((p) => p.name),
      lines: through.map((p) => `${p.file}:${p.line}`),
      direct,
    })),
    more,
  };
}

/** The median run's norm and the range, for the lags that all runs have. */
function byLag(runs: readonly (readonly number[])[]): readonly ByLag[] {
  const lags = Math.min(...runs.map((r) => r.length));
  return Array.from({ length: lags }, (_, k) => {
    const logs = runs.map((r) => r[k]!);
    const [median, min, max] = [middle(logs), Math.min(...logs), Math.max(...logs)];
    return {
      lag: k + 1,
      median: numberOf(median),
      min: numberOf(min),
      max: numberOf(max),
      log10: { median: log10Of(median), min: log10Of(min), max: log10Of(max) },
    };
  });
}

/**
 * The lag from which on the gradient stays at or below half of what it is at lag 1, between two lags by the
 * straight line of its logarithm, less 1: steps in which it halves. Null where it does not.
 */
export function halfLife(logs: readonly number[]): number | null {
  const [first] = logs;
  if (first === undefined || !Number.isFinite(first)) return null;
  const half = first - Math.LN2;
  const last = logs.findLastIndex((x) => x > half);
  if (last === logs.length - 1) return null;
  const [above, below] = [logs[last]!, logs[last + 1]!];
  return last + (Number.isFinite(below) ? (above - half) / (above - below) : 0);
}

/** Of an even number, the mean of the middle two. */
export function middle(xs: readonly (number | null)[]): number {
  const sorted = xs.map(Number).sort((a, b) => a - b);
  const n = sorted.length;
  const [a, b] = [sorted[Math.floor((n - 1) / 2)]!, sorted[Math.floor(n / 2)]!];
  return a === b ? a : (a + b) / 2;
}

function least(xs: readonly (number | null)[]): number | null {
  const found = xs.flatMap((x) => x ?? []);
  return found.length === 0 ? null : Math.min(...found);
}

function numberOf(log: number | null): number | null {
  if (log === null) return null;
  const x = Math.exp(log);
  return Number.isFinite(x) && (x > 0 || log === Number.NEGATIVE_INFINITY) ? x : null;
}

function log10Of(log: number | null): number | null {
  return log === null || !Number.isFinite(log) ? null : log / Math.LN10;
}
