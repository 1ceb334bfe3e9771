/** @file How long a program's longest chain is: what no number of processors makes shorter. In: a Program, sizes.
 *  Out: kernels and scalar operations one after another. A sum of n numbers is a tree of ⌈log₂ n⌉ additions. */
import type {
  BufferId,
  Expr,
  Extent,
  Kernel,
  Program,
  ScanStage,
} from "../../runtime/artifact/kernel.ts";

/** Counts by what they repeat over: steps of a sequence or once, times one or the logarithm of a sum's terms. */
export interface Term {
  readonly over: string | null;
  /** The reduction whose ⌈log₂ terms⌉ counts; null: an operation. */
  readonly sum: {
    readonly stage: number;
    readonly kernel: number;
    readonly reduction: number;
  } | null;
  readonly count: number;
}

export interface Depth {
  readonly value: number;
  readonly terms: readonly Term[];
}

type Sizes = Readonly<Record<string, number>>;
/** Where a buffer's value is known at the end of a chain; null: before any. */
type Chain = Depth | null;
type Measure = (kernel: Kernel, at: Where, of: (id: BufferId) => Chain) => Chain;
interface Where {
  readonly stage: number;
  readonly kernel: number;
}

const NONE: Depth = { value: 0, terms: [] };

/** Kernels that wait for one another. */
export function kernelDepth(program: Program, sizes: Sizes): Depth {
  return depthBy(program, sizes, (kernel, _, of) => {
    const before = longest(loaded(kernel).map(of));
    return before === null ? null : plus(before, { value: 1, terms: [one(1)] });
  });
}

/** Scalar operations that wait for one another; indices and choices cost nothing. */
export function operationDepth(program: Program, sizes: Sizes): Depth {
  return depthBy(program, sizes, (kernel, where, of) => {
    const sums: Chain[] = [];
    const depth = evaluator(of, sums);
    for (const [reduction, r] of kernel.reductions.entries()) {
      const term = depth(r.of);
      const levels = Math.ceil(Math.log2(Math.max(1, product(r.extents, sizes))));
      const tree = {
        value: levels,
        terms: [{ over: null, sum: { ...where, reduction }, count: 1 }],
      };
      sums.push(term === null ? null : plus(term, tree));
    }
    return depth(kernel.value);
  });
}

/** Extents of the reduction that a term names, in this or another program of the same kernels. */
export function extentsOf(program: Program, sum: NonNullable<Term["sum"]>): readonly Extent[] {
  const stage = program.stages[sum.stage]!;
  const kernel = stage.kind === "kernel" ? stage.kernel : stage.kernels[sum.kernel]!;
  return kernel.reductions[sum.reduction]!.extents;
}

function depthBy(program: Program, sizes: Sizes, measure: Measure): Depth {
  const known = new Map<BufferId, Depth>();
  const of = (id: BufferId): Depth => known.get(id) ?? NONE;
  for (const [i, stage] of program.stages.entries()) {
    if (stage.kind === "kernel") {
      known.set(stage.kernel.out, measure(stage.kernel, { stage: i, kernel: 0 }, of) ?? NONE);
      continue;
    }
    const outside = [
      ...stage.carries.map((c) => c.init),
      ...stage.slices.map((s) => s.of),
      ...stage.kernels.flatMap(loaded),
    ];
    const start = longest(outside.map(of)) ?? NONE;
    const { perStep, once } = scanDepth(stage, i, measure);
    const steps = sizes[stage.over] ?? 1;
    const repeated = perStep.terms.map((t) => ({ ...t, over: stage.over }));
    // The first step whole, then what each further one adds.
    const first = minus(once, perStep);
    const all = plus(plus(start, { value: steps * perStep.value, terms: repeated }), first);
    for (const id of resultsOf(stage)) known.set(id, all);
  }
  return longest(program.outputs.map((o) => of(o.buffer))) ?? NONE;
}

/** From the states before a step to those after it, and through a step from whatever it reads. */
function scanDepth(
  scan: ScanStage,
  stage: number,
  measure: Measure,
): { perStep: Depth; once: Depth } {
  const through = (start: (id: BufferId) => Chain): Chain[] => {
    const known = new Map<BufferId, Chain>();
    const of = (id: BufferId): Chain => (known.has(id) ? known.get(id)! : start(id));
    for (const [kernel, k] of scan.kernels.entries())
      known.set(k.out, measure(k, { stage, kernel }, of));
    const ends = [
      ...scan.carries.map((c) => c.next),
      ...[...scan.collects, ...scan.sums].map((c) => c.from),
    ];
    return ends.map(of);
  };
  const states = new Set(scan.carries.map((c) => c.local));
  const ends = through((id) => (states.has(id) ? NONE : null)).slice(0, scan.carries.length);
  return { perStep: longest(ends) ?? NONE, once: longest(through(() => NONE)) ?? NONE };
}

function resultsOf(scan: ScanStage): readonly BufferId[] {
  const finals = scan.carries.flatMap((c) => (c.final === null ? [] : [c.final]));
  return [...[...scan.collects, ...scan.sums].map((s) => s.into), ...finals];
}

/** Depth of an expression: null where it waits for nothing. */
function evaluator(of: (id: BufferId) => Chain, sums: readonly Chain[]): (e: Expr) => Chain {
  const known = new Map<Expr, Chain>();
  const depth = (e: Expr): Chain => {
    const before = known.get(e);
    if (before !== undefined) return before;
    const made = fresh(e);
    known.set(e, made);
    return made;
  };
  const fresh = (e: Expr): Chain => {
    if ("load" in e) return of(e.load);
    if ("red" in e) return sums[e.red] ?? null;
    if (!("call" in e)) return null;
    const args = longest(e.args.map(depth));
    const free = e.call === "select" || args === null;
    return free ? args : plus(args, { value: 1, terms: [one(1)] });
  };
  return depth;
}

function loaded(kernel: Kernel): readonly BufferId[] {
  const found = new Set<BufferId>();
  const seen = new Set<Expr>();
  const visit = (e: Expr): void => {
    if (seen.has(e)) return;
    seen.add(e);
    if ("load" in e) {
      found.add(e.load);
      e.at.forEach(visit);
    }
    if ("call" in e) e.args.forEach(visit);
  };
  for (const r of kernel.reductions) visit(r.of);
  visit(kernel.value);
  return [...found];
}

const one = (count: number): Term => ({ over: null, sum: null, count });

function longest(chains: readonly Chain[]): Chain {
  return chains.reduce(
    (best, c) => (best === null || (c !== null && c.value > best.value) ? c : best),
    null,
  );
}

const minus = (a: Depth, b: Depth): Depth =>
  plus(a, { value: -b.value, terms: b.terms.map((t) => ({ ...t, count: -t.count })) });

function plus(a: Depth, b: Depth): Depth {
  const terms = new Map<string, Term>();
  for (const t of [...a.terms, ...b.terms]) {
    const key = JSON.stringify([t.over, t.sum]);
    const count = (terms.get(key)?.count ?? 0) + t.count;
    if (count === 0) terms.delete(key);
    else terms.set(key, { ...t, count });
  }
  return { value: a.value + b.value, terms: [...terms.values()] };
}

function product(extents: readonly Extent[], sizes: Sizes): number {
  return extents.reduce((n: number, e) => n * (typeof e === "number" ? e : (sizes[e] ?? 1)), 1);
}
