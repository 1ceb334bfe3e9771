/** @file Which steps of which samples make each batch. In: bound data, a split, batch settings. Out: chunks,
 *  in order. Never touches values: `batch.ts` gathers them. */
import { permutation, random } from "../random.ts";
import type { Bound } from "./bind.ts";
import { type DataFault, fail, fault, ok, type Result } from "./fault.ts";
import type { Range, SplitName } from "./split.ts";

/** `length` steps of a sample from step `from`; `context` steps before them are run and not scored. */
export interface Segment {
  readonly sample: number;
  readonly from: number;
  readonly length: number;
  readonly context: number;
}

/** A batch: row b has steps [from, from + length) of its sample; all are padded to `steps`. */
export interface Chunk {
  readonly rows: readonly {
    readonly sample: number;
    readonly from: number;
    readonly length: number;
  }[];
  readonly steps: number;
  /** States start anew; otherwise they go on from the chunk before. */
  readonly fresh: boolean;
  /** Counts in the loss; otherwise it only brings the states up to date. */
  readonly scored: boolean;
}

export interface TrainPlan {
  readonly batch: number;
  readonly seed: number;
  readonly epoch: number;
  readonly shuffle: boolean;
  /** Steps between cuts of the gradient; null: none. */
  readonly truncate: number | null;
}

/** `carry` null: windows or samples alone. Else: every step of a series once, after `context` steps. */
export interface EvaluationPlan {
  readonly batch: number;
  readonly carry: { readonly context: number | "all"; readonly chunk: number } | null;
}

/**
 * The chunks of an epoch. Shuffled samples or windows, the same for the same seed and epoch; the last
 * ones are left out where they do not fill a batch and others do. A series without windows becomes
 * `batch` parallel tracks of ⌊M/B⌋ steps; the M mod B steps at its end are left out.
 */
export function planTraining(
  bound: Bound,
  split: SplitName,
  plan: TrainPlan,
): Result<readonly Chunk[]> {
  const faults = cannotTruncate(bound, plan.truncate);
  if (faults.length > 0) return fail(...faults);
  const whole = wholeSegments(bound, split);
  if (whole.length === 0) return fail(tooLittle(bound, split));
  const tracked = isUncut(bound);
  if (tracked && plan.truncate === null)
    return fail(
      fault("D112", "a series without windows is one endless sample", {
        help: 'give "windows": { "length": … } in samples, or `truncate` in the training settings',
      }),
    );
  const segments = tracked ? tracks(whole[0]!, plan.batch, 0) : whole;
  const ordered = plan.shuffle && !tracked ? shuffled(segments, plan.seed, plan.epoch) : segments;
  const full = Math.floor(ordered.length / plan.batch) * plan.batch;
  const kept = plan.shuffle && full > 0 ? ordered.slice(0, full) : ordered;
  return ok(groupsOf(kept, plan.batch).flatMap((rows) => chunked(bound, rows, plan.truncate)));
}

/** The chunks that score a split; every window or sample, or step, once. Empty where the split is. */
export function planEvaluation(
  bound: Bound,
  split: SplitName,
  plan: EvaluationPlan,
): readonly Chunk[] {
  if (plan.carry === null || !canCarry(bound))
    return groupsOf(wholeSegments(bound, split), plan.batch).flatMap((rows) =>
      chunked(bound, rows, null),
    );
  const { context, chunk } = plan.carry;
  const range = targetRange(bound, split);
  if (range.to <= range.from) return [];
  const all = { sample: 0, from: range.from, length: range.to - range.from, context: 0 };
  const rows = Math.min(plan.batch, all.length);
  const warm = context === "all" ? range.from : Math.min(context, range.from);
  const main = tracks(all, rows, warm);
  const done = main.reduce((sum, s) => sum + s.length, 0);
  const rest = all.length - done;
  const tail =
    rest === 0 ? [] : [{ sample: 0, from: all.from + done, length: rest, context: warm }];
  return [main, tail].flatMap((rows) => (rows.length === 0 ? [] : chunked(bound, rows, chunk)));
}

/** Whether states may go on from one part of a series to the next: everything varies over its steps. */
export function canCarry({ prepared, slots, seq }: Bound): boolean {
  return prepared.parts.kind === "steps" && seq !== null && slots.every((s) => s.info.seq === seq);
}

/** A series that no `windows` cut. */
function isUncut({ prepared }: Bound): boolean {
  return prepared.decl.samples.kind === "series" && prepared.decl.samples.windows === undefined;
}

/** Steps whose targets all lie in the split: input step t with targets at t + its horizon. */
function targetRange(bound: Bound, split: SplitName): Range {
  const { parts } = bound.prepared;
  const { from, to } = parts.kind === "steps" ? parts.of[split] : { from: 0, to: 0 };
  const least = Math.min(...targetHorizons(bound), bound.ahead);
  return { from: Math.max(0, from - least), to: Math.max(0, to - bound.ahead) };
}

function targetHorizons({ slots }: Bound): number[] {
  return slots.filter((s) => s.role === "target").map((s) => s.horizon);
}

function wholeSegments(bound: Bound, split: SplitName): readonly Segment[] {
  const { parts, decl } = bound.prepared;
  if (parts.kind === "samples")
    return parts.of[split].flatMap((sample) => {
      const length = bound.seq === null ? 1 : bound.lengths[bound.seq]![sample]!;
      return length > 0 ? [{ sample, from: 0, length, context: 0 }] : [];
    });
  const range = targetRange(bound, split);
  const windows = decl.samples.kind === "series" ? decl.samples.windows : undefined;
  if (windows === undefined)
    return range.to > range.from
      ? [{ sample: 0, from: range.from, length: range.to - range.from, context: 0 }]
      : [];
  const { length, stride = 1 } = windows;
  const everyStep = bound.slots.some((s) => s.role === "target" && s.info.seq !== null);
  const first = everyStep ? range.from : Math.max(0, range.from - length + 1);
  const found: Segment[] = [];
  for (let from = first; from + length <= range.to; from += stride)
    found.push({ sample: 0, from, length, context: 0 });
  return found;
}

function shuffled<T>(items: readonly T[], seed: number, epoch: number): readonly T[] {
  return Array.from(permutation(items.length, random(seed, "shuffle", epoch)), (i) => items[i]!);
}

/** `count` rows of equal length, one after another in the segment; what does not divide is left. */
function tracks(whole: Segment, count: number, context: number): readonly Segment[] {
  const rows = Math.min(count, whole.length);
  const length = Math.floor(whole.length / rows);
  return Array.from({ length: rows }, (_, b) => ({
    sample: whole.sample,
    from: whole.from + b * length,
    length,
    context,
  }));
}

function groupsOf<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}

/** One batch of segments as chunks of `size` steps, context first; a shorter row has empty chunks at its end. */
function chunked(bound: Bound, rows: readonly Segment[], size: number | null): readonly Chunk[] {
  const context = rows[0]!.context;
  const longest = Math.max(...rows.map((r) => r.length));
  const pad = "pad" in bound.prepared.decl.samples ? (bound.prepared.decl.samples.pad ?? 1) : 1;
  const cut = (
    from: number,
    to: number,
    limit: (r: Segment) => number,
    scored: boolean,
  ): Chunk[] => {
    const step = size ?? to - from;
    const chunks: Chunk[] = [];
    for (let at = from; at < to; at += step) {
      const steps = Math.min(step, to - at);
      chunks.push({
        rows: rows.map((r) => ({
          sample: r.sample,
          from: r.from + at,
          length: Math.max(0, Math.min(steps, limit(r) - at)),
        })),
        steps: size === null ? Math.ceil(steps / pad) * pad : steps,
        fresh: at === -context,
        scored,
      });
    }
    return chunks;
  };
  return [...cut(-context, 0, () => 0, false), ...cut(0, longest, (r) => r.length, true)];
}

function cannotTruncate(bound: Bound, truncate: number | null): DataFault[] {
  if (truncate === null) return [];
  const varying = new Set(bound.slots.map((s) => s.info.seq));
  if (bound.seq !== null && varying.size === 1) return [];
  const message = varying.has(null)
    ? "an input or target that is one vector a sample cannot be cut into chunks of steps"
    : "sequences of several lengths cannot be cut into the same chunks";
  return [
    fault("D112", message, { help: "take `truncate` off, or set it to null in the settings" }),
  ];
}

function tooLittle(bound: Bound, split: SplitName): DataFault {
  const { samples } = bound.prepared.decl;
  const wanted =
    samples.kind === "series"
      ? `${(samples.windows?.length ?? 1) + bound.ahead} steps are needed`
      : `samples of more than ${bound.ahead} steps are needed`;
  return fault("D109", `the ${split} split has not one whole sample: ${wanted}`, {
    help: "give more data, shorter windows, a smaller horizon, or another split",
  });
}
