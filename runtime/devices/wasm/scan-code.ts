/** @file Code of a loop over steps. In: a scan and its kernels' functions. Out: instructions of the program's
 *  `run`. Copies nothing that a pointer can reach: steps, carries and histories are moved by address. */
import type { BufferId, Program, ScanStage } from "../../artifact/kernel.ts";
import { type Code, createCode, type Local, OP, SIMD } from "./code.ts";
import { I32 } from "./encoder.ts";
import type { KernelTarget } from "./kernel-code.ts";
import { FRAME } from "./scope.ts";

/** A buffer of the body whose values are read in later steps: as many copies as it takes. */
export interface Ring {
  readonly of: BufferId;
  readonly copies: number;
}

export function ringsOf(scan: ScanStage, _program: Program): readonly Ring[] {
  const rows = new Set(scan.collects.map((c) => c.from));
  return scan.kernels
    .filter((k) => !rows.has(k.out) && scan.carries.some((c) => c.next === k.out))
    .map((k) => ({ of: k.out, copies: 1 + lagsOf(k.out, scan) }));
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

/** `calls`: the functions of the body's kernels in order; `rings` with the buffers that hold the copies. */
export function emitScan(
  code: Code,
  scan: ScanStage,
  calls: readonly number[],
  rings: readonly (Ring & { readonly id: BufferId })[],
  { frame, module }: KernelTarget,
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
  const left = code.local(I32);
  code.get(FRAME);
  code.loadI32(frame.size(scan.over));
  code.tee(steps);
  code.set(left);
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
  const copied: { readonly from: BufferId; readonly to: Local }[] = [];
  for (const { from, into } of scan.collects) {
    if (outputs.has(from) && !direct.has(from)) {
      direct.set(from, into);
      point(from, firstRow(into, from));
      continue;
    }
    const to = code.local(I32);
    firstRow(into, from)();
    code.set(to);
    copied.push({ from, to });
  }
  for (const { local, of } of scan.slices) point(local, firstRow(of, local));
  for (const { local, init } of scan.carries) point(local, () => address(init));
  for (const { of, id } of rings) point(of, () => address(id));
  for (const { into } of scan.sums) {
    address(into);
    code.i32(0);
    length(into);
    code.fillMemory();
  }
  const addInto = scan.sums.length > 0 ? emitAddInto(module) : null;

  code.block(() => {
    code.get(left);
    code.op(OP.i32Eqz);
    code.branchIf(0);
    code.loop(() => {
      for (const index of calls) {
        code.get(FRAME);
        code.call(index);
      }
      for (const { from, to } of copied) {
        code.get(to);
        address(from);
        length(from);
        code.copyMemory();
        nextRow(() => code.get(to), from)();
        code.set(to);
      }
      if (addInto !== null)
        for (const { from, into } of scan.sums) {
          address(into);
          address(from);
          length(into);
          code.call(addInto);
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
      code.get(left);
      code.i32(1);
      code.op(OP.i32Sub);
      code.tee(left);
      code.branchIf(0);
    });
  });
  for (const { local, final } of scan.carries) {
    if (final === null) continue;
    address(final);
    address(local);
    length(final);
    code.copyMemory();
  }

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
