/** @file Which threads compute what. In: a program, sizes, threads at hand. Out: a plan, the same for the
 *  same sizes. Never changes a result: every element is computed by one thread, in the same order. */
import type { Kernel, Program, ScanStage, Stage } from "../../artifact/kernel.ts";
import type { Sizes } from "../device.ts";
import { aheadOf } from "./ahead.ts";
import { CLAIMS } from "./claim-code.ts";
import { type Frame, MODE } from "./frame.ts";
import { groupsOf } from "./meetings.ts";
import { samplesApart } from "./scan-code.ts";
import { SAMPLES } from "./scan-deal.ts";
import { packingOf, workOf } from "./work.ts";

export interface Plan {
  /** Threads that the program needs; 1 where no stage is dealt. */
  readonly threads: number;
  /** Of each stage as the frame counts them. */
  readonly stages: readonly {
    readonly threads: number;
    readonly mode: number;
    /** Of a kernel, that threads take as they come free; 0 where each has a part of its own. */
    readonly portions: number;
    /** Of a scan, likewise. */
    readonly claims: Claims | null;
  }[];
}

/** What of a scan threads take as they come free. */
interface Claims {
  /** Samples that go through a step together. */
  readonly group: number;
  /** Steps that a thread takes with them before it looks which group is least far. */
  readonly chunk: number;
}

/** The least work, in multiplications, that is worth its cost. */
export interface Worth {
  /** Of a program: waking threads. */
  readonly program: number;
  /** Of a stage: threads meet after it. */
  readonly stage: number;
  /** Of a scan's kernel in one step: threads meet after each. */
  readonly step: number;
  /** Of a claim: what a group's states take from one core to another. */
  readonly claim: number;
  /** Of a portion of a kernel. */
  readonly portion: number;
}

/**
 * A multiplication is 0.02 ns: 140 µs, since waking a thread takes 30; 5 µs, since meeting takes 0.5 where
 * nothing else computes; 80 µs in every step, since elsewhere threads have to sleep to meet; 80 µs of a claim, since
 * some µs pass until what another core has written is at hand.
 */
export const WORTH: Worth = {
  program: 2 ** 23,
  stage: 2 ** 18,
  step: 2 ** 22,
  claim: 2 ** 22,
  portion: 2 ** 20,
};

/** Portions of a kernel at most, for each thread. */
const PORTIONS = 16;
/** Chunks of a scan's steps at most: to each, pointers go through all steps before. */
const CHUNKS = 32;

interface Share {
  readonly threads: number;
  readonly portions?: number;
  readonly claims?: Claims | null;
  readonly columns?: boolean;
  readonly ahead?: boolean;
}

const ALONE: Share = { threads: 1 };

export function planOf(program: Program, sizes: Sizes, most: number, worth: Worth): Plan {
  const { prepare, stages } = program;
  const shareOf = (stage: Stage): Share =>
    stage.kind === "scan"
      ? ofScan(stage, program, sizes, most, worth)
      : ofKernel(workOf(stage.kernel, sizes), most, worth);
  const run = withAhead(stages.map(shareOf), program, sizes);
  const work = stages.reduce(
    (sum, stage, i) => sum + (run[i]!.threads > 1 ? stageWork(stage, sizes) : 0),
    0,
  );
  if (work < worth.program || run.every((s) => s.threads === 1)) return alone(program);
  // After `prepare` its packing.
  const all = [...prepare.map(shareOf), ofKernel(packingOf(program, sizes), most, worth), ...run];
  const first = prepare.length + 1;
  const groups = groupsOf(program).map((end) => first + end);
  const early = Array.from({ length: first }, (_, i) => i);
  return planned(all, most, new Set([...early, ...groups]));
}

/** Thread 0 computes all. */
export function alone({ prepare, stages }: Program): Plan {
  return planned(
    [...prepare, null, ...stages].map(() => ALONE),
    1,
    new Set(),
  );
}

/**
 * Samples, to as many threads as there are tiles of them; where there is one, columns, where a step's work is worth that
 * threads meet.
 */
function ofScan(
  scan: ScanStage,
  program: Program,
  sizes: Sizes,
  most: number,
  worth: Worth,
): Share {
  const step = workOfAll(scan.kernels, sizes);
  const threads = samplesApart(scan, program) ? Math.min(most, Math.ceil(sizes.B! / SAMPLES)) : 1;
  if (threads > 1) {
    const steps = sizes[scan.over]!;
    if (step * steps < worth.stage) return ALONE;
    return { threads, claims: claimsOf(sizes.B!, steps, step, threads, worth) };
  }
  if (scan.kernels.length === 0 || step < worth.step * scan.kernels.length) return ALONE;
  return { threads: most, columns: true };
}

/** Rows, in as many portions as are worth it. */
function ofKernel(work: number, most: number, worth: Worth): Share {
  if (work < worth.stage) return ALONE;
  const portions = Math.min(PORTIONS * most, Math.floor(work / worth.portion));
  return { threads: most, portions: portions > most ? portions : 0 };
}

/**
 * Three groups of samples for two threads, each a multiple of the rows of all tiles where there are as many: cores whose
 * speeds differ from one moment to the next end together. Null where each thread would have the same group all the time.
 */
function claimsOf(
  samples: number,
  steps: number,
  work: number,
  threads: number,
  worth: Worth,
): Claims | null {
  const units = Math.ceil(samples / SAMPLES);
  const each = units / (1.5 * threads);
  const rounded = each >= 2.5 ? 3 * Math.ceil(each / 3) : Math.max(1, Math.round(each));
  const group = SAMPLES * Math.max(rounded, Math.ceil(units / CLAIMS.groups));
  if (Math.ceil(samples / group) <= threads) return null;
  const least = Math.ceil(worth.claim / ((work * group) / samples));
  return { group, chunk: Math.min(steps, Math.max(1, least, Math.ceil(steps / CHUNKS))) };
}

/** A kernel that is dealt, and a scan after it that is not, side by side where that takes less time. */
function withAhead(shares: readonly Share[], program: Program, sizes: Sizes): readonly Share[] {
  const workAt = (i: number): number => stageWork(program.stages[i]!, sizes);
  const starts = shares.map(({ threads }, i) => {
    if (threads === 1 || shares[i + 1]?.threads !== 1 || aheadOf(program, i) === null) return false;
    const [kernel, scan] = [workAt(i), workAt(i + 1)];
    return Math.max(kernel, scan) < kernel / threads + scan;
  });
  return shares.map((share, i) => (starts[i] || starts[i - 1] ? { ...share, ahead: true } : share));
}

function stageWork(stage: Stage, sizes: Sizes): number {
  return stage.kind === "kernel"
    ? workOf(stage.kernel, sizes)
    : sizes[stage.over]! * workOfAll(stage.kernels, sizes);
}

function workOfAll(kernels: readonly Kernel[], sizes: Sizes): number {
  return kernels.reduce((sum, kernel) => sum + workOf(kernel, sizes), 0);
}

/**
 * Threads meet after groups of stages, `ends`, and around a kernel and a scan that are computed side by side, which
 * say by one word of memory how far they are.
 */
function planned(shares: readonly Share[], threads: number, ends: ReadonlySet<number>): Plan {
  const isDealt = (i: number): boolean => (shares[i]?.threads ?? 1) > 1;
  const isAhead = (i: number): boolean => shares[i]?.ahead === true;
  return {
    threads,
    stages: shares.map((share, i) => {
      const isBetween = isAhead(i) && isDealt(i);
      const isEnd = ends.has(i) || isAhead(i) || isAhead(i + 1);
      return {
        threads: share.threads,
        portions: share.portions ?? 0,
        claims: share.claims ?? null,
        mode:
          (threads > 1 && isEnd && !isBetween ? MODE.meet : 0) +
          (isDealt(i) || isAhead(i) ? MODE.packs : 0) +
          (share.columns ? MODE.columns : 0) +
          (share.ahead ? MODE.ahead : 0),
      };
    }),
  };
}

/** Writes what a plan says to the words of a thread's frame. */
export function writePlan(plan: Plan, part: number, frame: Frame, words: Int32Array): void {
  words[frame.part / 4] = part;
  words[frame.parts / 4] = plan.threads;
  for (const [i, { threads, mode, portions, claims }] of plan.stages.entries()) {
    words[frame.threads(i) / 4] = threads;
    words[frame.mode(i) / 4] = mode;
    words[frame.portions(i) / 4] = portions;
    words[frame.group(i) / 4] = claims?.group ?? 0;
    words[frame.chunk(i) / 4] = claims?.chunk ?? 0;
  }
}
