/** @file What a program keeps in memory. In: a Program. Out: bytes as formulas in the run-time sizes. As a device
 *  with one memory holds them: a step's slices, carries and histories are moved by address, never copied. */
import type { BufferId, Kernel, Program, ScanStage, Stage } from "../../runtime/artifact/kernel.ts";
import { loadsOf } from "../6-schedule/count.ts";
import { at, constant, type Formula, plus, times, ZERO } from "../6-schedule/formula.ts";

export interface Memory {
  /** What is there from run to run: inputs, outputs, parameters, and what is prepared of them. */
  readonly fixed: Formula;
  /** What lives beside it while each stage runs. */
  readonly stages: readonly Formula[];
}

export function memoryOf(program: Program): Memory {
  const named = [...program.inputs, ...program.outputs].map((o) => o.buffer);
  const prepared = program.prepare.flatMap(writtenBy);
  const fixed = new Set([...named, ...prepared]);
  const pointers = new Set(program.stages.flatMap((s) => (s.kind === "scan" ? moved(s) : [])));
  const from = new Map<BufferId, number>();
  const to = new Map<BufferId, number>();
  for (const [i, stage] of program.stages.entries()) {
    for (const id of writtenBy(stage)) from.set(id, i);
    for (const id of readBy(stage)) to.set(id, i);
    if (stage.kind === "scan") for (const k of stage.kernels) from.set(k.out, i);
  }
  const lives = (id: BufferId, stage: number): boolean => {
    const start = from.get(id);
    return start !== undefined && start <= stage && stage <= Math.max(start, to.get(id) ?? start);
  };
  const bytes = (id: BufferId): Formula => times(constant(4), program.buffers[id]?.shape ?? []);
  const sum = (ids: readonly BufferId[]): Formula => ids.map(bytes).reduce(plus, ZERO);
  const temporary = program.buffers
    .map((_, id) => id)
    .filter((id) => !fixed.has(id) && !pointers.has(id));
  return {
    fixed: sum([...fixed]),
    stages: program.stages.map((stage, i) => {
      const own = sum(temporary.filter((id) => lives(id, i)));
      return stage.kind === "scan" ? plus(own, carried(stage, bytes)) : own;
    }),
  };
}

/** The stage at which most is kept at these sizes; −1 where a program has none. */
export function peak({ stages }: Memory, sizes: Readonly<Record<string, number>>): number {
  return stages.reduce(
    (best, f, i) => (best < 0 || at(f, sizes) > at(stages[best]!, sizes) ? i : best),
    -1,
  );
}

/** Buffers that are found by address: what a loop binds, and what becomes a row of a history or of a carry. */
function moved(scan: ScanStage): readonly BufferId[] {
  const made = new Set(scan.kernels.map((k) => k.out));
  const rows = [...scan.collects.map((c) => c.from), ...scan.carries.map((c) => c.next)];
  return [
    ...[...scan.carries, ...scan.slices].map((b) => b.local),
    ...rows.filter((id) => made.has(id)),
  ];
}

/** A value that goes on to later steps has a copy for each of them and its own, unless its history has it. */
function carried(scan: ScanStage, bytes: (id: BufferId) => Formula): Formula {
  const rows = new Set(scan.collects.map((c) => c.from));
  const next = [...new Set(scan.carries.map((c) => c.next))].filter(
    (id) => !rows.has(id) && scan.kernels.some((k) => k.out === id),
  );
  return next.map((id) => times(bytes(id), [1 + stepsKept(id, scan)])).reduce(plus, ZERO);
}

function stepsKept(id: BufferId, scan: ScanStage): number {
  let holders = new Set([id]);
  let steps = 0;
  for (; steps < scan.carries.length; steps++) {
    const kept = scan.carries.filter((c) => holders.has(c.next)).map((c) => c.local);
    if (kept.length === 0) break;
    holders = new Set(kept);
  }
  return steps;
}

function writtenBy(stage: Stage): readonly BufferId[] {
  if (stage.kind === "kernel") return [stage.kernel.out];
  const finals = stage.carries.flatMap((c) => (c.final === null ? [] : [c.final]));
  return [...[...stage.collects, ...stage.sums].map((s) => s.into), ...finals];
}

function readBy(stage: Stage): readonly BufferId[] {
  const loads = (k: Kernel): readonly BufferId[] => [...loadsOf(k)];
  if (stage.kind === "kernel") return loads(stage.kernel);
  return [
    ...stage.kernels.flatMap(loads),
    ...stage.carries.flatMap((c) => [c.init, c.next]),
    ...stage.slices.map((s) => s.of),
    ...[...stage.collects, ...stage.sums].map((c) => c.from),
  ];
}
