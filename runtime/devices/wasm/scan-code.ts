/** @file Code of a loop over steps. In: a scan and its kernels' functions. Out: instructions of the program's
 *  `run`. Copies nothing that a pointer can reach: steps, carries and histories are moved by address. */
import type { BufferId, Expr, Program, ScanStage } from "../../artifact/kernel.ts";
import type { Ahead } from "./ahead.ts";
import { createCode, type Local, OP, SIMD } from "./code.ts";
import { type Deal, type Follow, followRows } from "./deal-code.ts";
import { I32 } from "./encoder.ts";
import type { KernelTarget, Piece } from "./kernel-code.ts";
import { dealScan, type ScanDeal, type ScanPlace, type Span } from "./scan-deal.ts";
import { FRAME } from "./scope.ts";
import { walk } from "./terms.ts";

/** A buffer of the body whose values are read in later steps: as many copies as it takes. */
export interface Ring {
  readonly of: BufferId;
  readonly copies: number;
}

/**
 * Whether every kernel of the body has samples for its outermost axis and reads of what the body computes
 * only its own sample's: then samples may run through all steps on their own.
 */
export function samplesApart(scan: ScanStage, { buffers }: Program): boolean {
  const own = new Set<BufferId>([
    ...[...scan.carries, ...scan.slices].map((c) => c.local),
    ...scan.kernels.map((k) => k.out),
  ]);
  const strays = (expr: Expr): boolean => {
    let found = false;
    walk(expr, (part) => {
      if (!("load" in part) || !own.has(part.load)) return;
      const [sample] = part.at;
      found ||= sample === undefined || !("var" in sample) || sample.var !== 0;
    });
    return found;
  };
  const parts = scan.kernels.flatMap((k) => [k.value, ...k.reductions.map((r) => r.of)]);
  return [...own].every((id) => buffers[id]!.shape[0] === "B") && !parts.some(strays);
}

export function ringsOf(scan: ScanStage, _program: Program): readonly Ring[] {
  const rows = new Set(scan.collects.map((c) => c.from));
  return scan.kernels
    .filter((k) => !rows.has(k.out) && scan.carries.some((c) => c.next === k.out))
    .map((k) => ({ of: k.out, copies: 1 + lagsOf(k.out, scan) }));
}

interface Copied {
  readonly from: BufferId;
  readonly into: BufferId;
  readonly skip: () => void;
  readonly size: () => void;
}

/** How many steps a value is carried on. */
function lagsOf(id: BufferId, scan: ScanStage): number {
  let lags = 0;
  let holders = new Set([id]);
  while (lags < scan.carries.length) {
    const next = new Set(scan.carries.filter((c) => holders.has(c.next)).map((c) => c.local));
    if (next.size === 0) break;
    holders = next;
    lags += 1;
  }
  return lags;
}

export interface ScanParts {
  /** The body's kernels in order, and of each its pieces. */
  readonly kernels: readonly (readonly Piece[])[];
  /** With the buffers that hold the copies. */
  readonly rings: readonly (Ring & { readonly id: BufferId })[];
  readonly place: ScanPlace;
  /** Of the kernel before the scan, where it may compute steps while the scan takes them. */
  readonly ahead: Ahead | null;
}

export function emitScan(deal: Deal, scan: ScanStage, parts: ScanParts): void {
  const scanDeal = dealScan(deal, parts.place);
  scanDeal.inside((span) => {
    const follow = followRows(deal, parts.ahead);
    emitSteps(deal, scan, parts, { deal: scanDeal, span, follow });
    follow.end();
  });
}

function emitSteps(
  { code, target: { frame, module } }: Deal,
  scan: ScanStage,
  { kernels, rings }: ScanParts,
  { deal, span, follow }: { deal: ScanDeal; span: Span | null; follow: Follow },
): void {
  const address = (id: BufferId): void => {
    code.get(FRAME);
    code.loadI32(frame.address(id));
  };
  const length = (id: BufferId): void => {
    code.get(FRAME);
    code.loadI32(frame.length(id));
  };
  const point = (id: BufferId, value: () => void): void => {
    code.get(FRAME);
    value();
    code.storeI32(frame.address(id));
  };
  const steps = code.local(I32);
  code.get(FRAME);
  code.loadI32(frame.size(scan.over));
  code.set(steps);
  const at = span?.at ?? code.local(I32);
  const until = span?.until ?? steps;
  /** Emits `then` for where the thread's part is as told. */
  const where = (push: (span: Span) => void, then: () => void): void => {
    if (span === null) then();
    else {
      push(span);
      code.choose(null, then, null);
    }
  };
  /** The address of the first row that is visited. */
  const firstRow = (of: BufferId, row: BufferId) => (): void => {
    address(of);
    if (!scan.reverse) return;
    code.get(steps);
    code.i32(1);
    code.op(OP.i32Sub);
    length(row);
    code.op(OP.i32Mul);
    code.op(OP.i32Add);
  };
  const nextRow = (value: () => void, row: BufferId) => (): void => {
    value();
    length(row);
    code.op(scan.reverse ? OP.i32Sub : OP.i32Add);
  };

  const outputs = new Set(scan.kernels.map((k) => k.out));
  const direct = new Map<BufferId, BufferId>();
  const copied: (Copied & { readonly to: Local })[] = [];
  for (const { from, into } of scan.collects) {
    if (outputs.has(from) && !direct.has(from)) {
      direct.set(from, into);
      continue;
    }
    copied.push({ from, into, to: code.local(I32), ...deal.bytes(() => length(from)) });
  }
  /** Pointers to the first step. */
  const setUp = (): void => {
    for (const [from, into] of direct) point(from, firstRow(into, from));
    for (const { from, into, to } of copied) {
      firstRow(into, from)();
      code.set(to);
    }
    for (const { local, of } of scan.slices) point(local, firstRow(of, local));
    for (const { local, init } of scan.carries) point(local, () => address(init));
    for (const { of, id } of rings) point(of, () => address(id));
    code.i32(0);
    code.set(at);
  };
  // Pointers go on from where they are to a later part, through the steps between.
  where(({ first }) => {
    code.get(first);
    code.get(at);
    code.op(OP.i32LtS);
  }, setUp);
  const sums = scan.sums.map((sum) => ({ ...sum, ...deal.bytes(() => length(sum.into)) }));
  if (sums.length > 0)
    where(
      ({ first }) => {
        code.get(first);
        code.op(OP.i32Eqz);
      },
      () => {
        for (const { into, skip, size } of sums) {
          address(into);
          skip();
          code.op(OP.i32Add);
          code.i32(0);
          size();
          code.fillMemory();
        }
      },
    );
  const calls = kernels.map((pieces) => pieces.map(deal.caller));
  const addInto = scan.sums.length > 0 ? emitAddInto(module) : null;

  const slices = scan.slices.map(({ local }) => ({ local, ...deal.bytes(() => length(local)) }));
  const touch = slices.length > 0 ? emitTouch(module) : null;

  const step = (): void => {
    follow.step();
    if (touch !== null)
      for (const { local, skip, size } of slices) {
        address(local);
        skip();
        code.op(OP.i32Add);
        size();
        code.call(touch);
      }
    for (const call of calls) {
      for (const piece of call) piece();
      deal.meet();
    }
    for (const { from, to, skip, size } of copied) {
      code.get(to);
      skip();
      code.op(OP.i32Add);
      address(from);
      skip();
      code.op(OP.i32Add);
      size();
      code.copyMemory();
    }
    if (addInto !== null)
      for (const { from, into, skip, size } of sums) {
        for (const id of [into, from]) {
          address(id);
          skip();
          code.op(OP.i32Add);
        }
        size();
        code.call(addInto);
      }
    if (copied.length + sums.length > 0) deal.meet();
  };
  code.block(() => {
    code.loop(() => {
      code.get(at);
      code.get(until);
      code.op(OP.i32GeS);
      code.branchIf(1);
      where(({ first }) => {
        code.get(at);
        code.get(first);
        code.op(OP.i32GeS);
      }, step);
      for (const { from, to } of copied) {
        nextRow(() => code.get(to), from)();
        code.set(to);
      }
      const values = scan.carries.map(({ next }) => {
        const value = code.local(I32);
        address(next);
        code.set(value);
        return value;
      });
      for (const [i, { local }] of scan.carries.entries()) point(local, () => code.get(values[i]!));
      for (const { local } of scan.slices)
        point(
          local,
          nextRow(() => address(local), local),
        );
      for (const from of direct.keys())
        point(
          from,
          nextRow(() => address(from), from),
        );
      for (const ring of rings) turn(ring);
      code.get(at);
      code.i32(1);
      code.op(OP.i32Add);
      code.set(at);
      code.branch(0);
    });
  });
  where(
    () => {
      code.get(until);
      code.get(steps);
      code.op(OP.i32Eq);
    },
    () => {
      for (const { local, final } of scan.carries) {
        if (final === null) continue;
        const { skip, size } = deal.bytes(() => length(final));
        for (const id of [final, local]) {
          address(id);
          skip();
          code.op(OP.i32Add);
        }
        size();
        code.copyMemory();
      }
    },
  );

  /** The next copy, after the last the first. */
  function turn({ of, id }: Ring & { readonly id: BufferId }): void {
    const next = code.local(I32);
    address(of);
    length(of);
    code.op(OP.i32Add);
    code.set(next);
    point(of, () => {
      address(id);
      code.get(next);
      code.get(next);
      address(id);
      code.op(OP.i32Sub);
      length(id);
      code.op(OP.i32GeS);
      code.op(OP.select);
    });
  }
}

/** Of less the engine's own guesses are as good: rows of a page or two lie next to those of the step before. */
const MIN_TOUCHED = 8192;

/**
 * (from, bytes): reads a word of every line. A step's row of a sequence is new to the cache, and often to the table of
 * pages: read by themselves, many lines are on their way at once; in a kernel, the next wait for what is computed of one.
 */
function emitTouch(module: KernelTarget["module"]): number {
  const index = module.declare({ params: [I32, I32], results: [] }, "touch");
  const code = createCode(2);
  const [from, bytes] = [0, 1];
  const end = code.local(I32);
  code.block(() => {
    code.get(bytes);
    code.i32(MIN_TOUCHED);
    code.op(OP.i32LtS);
    code.branchIf(0);
    code.get(from);
    code.get(bytes);
    code.op(OP.i32Add);
    code.set(end);
    code.loop(() => {
      code.get(from);
      code.get(end);
      code.op(OP.i32GeS);
      code.branchIf(1);
      code.get(from);
      code.loadI32(0);
      code.op(OP.drop);
      code.get(from);
      code.i32(64);
      code.op(OP.i32Add);
      code.set(from);
      code.branch(0);
    });
  });
  module.define(index, code.body());
  return index;
}

/** (into, from, bytes): into += from. */
function emitAddInto(module: KernelTarget["module"]): number {
  const index = module.declare({ params: [I32, I32, I32], results: [] }, "add into");
  const code = createCode(3);
  const [into, from, bytes] = [0, 1, 2];
  const pass = (size: number, one: () => void): void =>
    code.block(() => {
      code.get(bytes);
      code.i32(size);
      code.op(OP.i32LtS);
      code.branchIf(0);
      code.loop(() => {
        one();
        for (const local of [into, from]) {
          code.get(local);
          code.i32(size);
          code.op(OP.i32Add);
          code.set(local);
        }
        code.get(bytes);
        code.i32(size);
        code.op(OP.i32Sub);
        code.tee(bytes);
        code.i32(size);
        code.op(OP.i32GeS);
        code.branchIf(0);
      });
    });
  const sum = (load: () => void): void => {
    code.get(into);
    for (const local of [into, from]) {
      code.get(local);
      load();
    }
    code.simd(SIMD.add);
  };
  pass(16, () => {
    sum(() => code.load(0));
    code.store(0);
  });
  pass(4, () => {
    sum(() => code.loadZero(0));
    code.storeLane(0, 0);
  });
  module.define(index, code.body());
  return index;
}
