/** @file How large an artifact may be, and the check that makes recursion over it safe. In: unknown
 *  JSON. Out: a fault or null. Never recurses itself: depth is attacker's choice until this ran. */
import { type Fault, fault } from "./fault.ts";

export const LIMITS = {
  /** Nesting of the JSON; an expression takes two levels a call, so it nests at most 300 deep. */
  depth: 600,
  /** Objects, arrays and scalars in all. */
  nodes: 5_000_000,
  kernels: 20_000,
  buffers: 100_000,
  entries: 10_000,
  rank: 8,
  vars: 24,
  /** Of one extent that is a number. */
  extent: 2 ** 24,
  /** Elements of a buffer, every symbol counted as 1. */
  elements: 2 ** 28,
  /** Elements of a kernel times the terms of its largest reduction, every symbol counted as 1. */
  iterations: 2 ** 40,
  name: 256,
  label: 2_000,
  text: 4_000_000,
  files: 1_000,
  places: 1_000_000,
} as const;

/** R103 where the data nests too deep, holds too much, or contains itself. */
export function tooLarge(json: unknown): Fault | null {
  const rest: object[] = [];
  const depths: number[] = [];
  let nodes = 0;
  const visit = (value: unknown, depth: number): Fault | null => {
    nodes += 1;
    if (nodes > LIMITS.nodes)
      return fault(
        "R103",
        "",
        `it holds more than ${LIMITS.nodes} values`,
        "compile a smaller model",
      );
    if (typeof value !== "object" || value === null) return null;
    if (depth > LIMITS.depth)
      return fault(
        "R103",
        "",
        `it nests deeper than ${LIMITS.depth} levels, or contains itself`,
        "split the longest expression of the spec into several `let`",
      );
    rest.push(value);
    depths.push(depth);
    return null;
  };
  let found = visit(json, 0);
  while (found === null) {
    const value = rest.pop();
    if (value === undefined) return null;
    const depth = depths.pop()! + 1;
    for (const key in value) {
      found = visit((value as Readonly<Record<string, unknown>>)[key], depth);
      if (found !== null) break;
    }
  }
  return found;
}
