/** @file Where threads that share a program's stages have to meet. In: a program. Out: its stages in groups:
 *  none reads what another of its group writes. Never decides who computes what: `plan.ts` does. */
import type { BufferId, Expr, Kernel, Program, Stage } from "../../artifact/kernel.ts";
import { walk } from "./terms.ts";

/**
 * By stage, the last of its group. Threads that do not meet within a group compute what each stage of it gives them, so
 * that one which is held up for a moment may catch up in the next. Memory that a stage reads is not given to
 * another value before its group has ended.
 */
export function groupsOf({ stages }: Pick<Program, "stages">): readonly number[] {
  const ends: number[] = [];
  let written = new Set<BufferId>();
  let first = 0;
  const end = (before: number): void => {
    for (let stage = first; stage < before; stage++) ends.push(before - 1);
    first = before;
    written = new Set();
  };
  for (const [at, stage] of stages.entries()) {
    if (readBy(stage).some((id) => written.has(id))) end(at);
    for (const id of writtenBy(stage)) written.add(id);
  }
  end(stages.length);
  return ends;
}

export const kernelsOf = (stage: Stage): readonly Kernel[] =>
  stage.kind === "kernel" ? [stage.kernel] : stage.kernels;

/** Calls `see` with every part of what the stages compute. */
export function look(stages: readonly Stage[], see: (part: Expr) => void): void {
  for (const stage of stages)
    for (const { reductions, value } of kernelsOf(stage)) {
      for (const { of } of reductions) walk(of, see);
      walk(value, see);
    }
}

/** What is there after the stage. */
export function writtenBy(stage: Stage): readonly BufferId[] {
  if (stage.kind === "kernel") return [stage.kernel.out];
  return [
    ...[...stage.collects, ...stage.sums].map((s) => s.into),
    ...stage.carries.flatMap((c) => (c.final === null ? [] : [c.final])),
  ];
}

export function readBy(stage: Stage): readonly BufferId[] {
  const found: BufferId[] = [];
  look([stage], (part) => {
    if ("load" in part) found.push(part.load);
  });
  if (stage.kind === "kernel") return found;
  for (const c of stage.carries) found.push(c.init, c.next);
  for (const s of stage.slices) found.push(s.of);
  for (const c of [...stage.collects, ...stage.sums]) found.push(c.from);
  return found;
}
