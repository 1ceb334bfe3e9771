/** @file What a kernel means, after the schema. In: a kernel, its program's buffers, what may be read.
 *  Out: faults. Never stops at the first; recursion is bounded by LIMITS.depth. */
import { affine } from "./affine.ts";
import type { RuntimeCode } from "./codes.ts";
import { type Fault, fault } from "./fault.ts";
import { type Known, given, inRange } from "./in-range.ts";
import {
  BINARY,
  type Buffer,
  type Expr,
  type Extent,
  type Kernel,
  MAX_INPUTS,
  UNARY,
} from "./kernel.ts";
import { LIMITS } from "./limits.ts";

export interface KernelScope {
  readonly buffers: readonly Buffer[];
  /** Symbols that have a size at run time. */
  readonly symbols: ReadonlySet<string>;
  /** May buffer `id` be read here? */
  readonly readable: (id: number) => boolean;
  readonly places: number;
}

export function verifyKernel(kernel: Kernel, path: string, scope: KernelScope): readonly Fault[] {
  const faults: Fault[] = [];
  const report = (code: RuntimeCode, at: string, message: string): void => {
    faults.push(fault(code, `${path}${at}`, message));
  };
  const out = scope.buffers[kernel.out];
  if (out !== undefined && !sameExtents(out.shape, kernel.axes))
    report("R107", ".axes", `[${kernel.axes}] fills a buffer of shape [${out.shape}]`);
  for (const place of kernel.places)
    if (place >= scope.places) report("R105", ".places", `there is no place ${place}`);

  const inner = kernel.reductions.map((r) => product(r.extents));
  const iterations = product(kernel.axes) * Math.max(1, ...inner);
  if (iterations > LIMITS.iterations)
    report("R103", "", `it counts to ${iterations}; ${LIMITS.iterations} is the most`);

  const axes = new Map(kernel.axes.map((extent, i): [number, Extent] => [i, extent]));
  const loads = new Set<number>();
  const unguarded = new Set<number>();
  const walk: Walk = { scope, report, loads, unguarded };
  visit(kernel.value, ".value", known(axes), kernel.reductions.length, walk);
  // A reduction may lie under a select of what uses it: its users are seen before it.
  for (let i = kernel.reductions.length - 1; i >= 0; i--) {
    const red = kernel.reductions[i]!;
    const at = `.reductions[${i}]`;
    if (red.vars.length !== red.extents.length)
      report("R108", at, `${red.vars.length} variables have ${red.extents.length} extents`);
    const own = new Map(axes);
    for (const [k, v] of red.vars.entries()) {
      if (own.has(v)) report("R108", `${at}.vars`, `variable ${v} is bound already`);
      const extent = red.extents[k];
      if (extent === undefined) continue;
      if (typeof extent === "string" && !scope.symbols.has(extent))
        report("R108", `${at}.extents`, `there is no size ${extent}`);
      own.set(v, extent);
    }
    visit(red.of, `${at}.of`, { ...known(own), opaque: !unguarded.has(i) }, i, walk);
  }
  if (loads.size > MAX_INPUTS)
    report("R103", "", `it loads ${loads.size} buffers; ${MAX_INPUTS} is the most`);
  return faults;
}

export function sameExtents(a: readonly Extent[], b: readonly Extent[]): boolean {
  return a.length === b.length && a.every((extent, i) => extent === b[i]);
}

function product(extents: readonly Extent[]): number {
  return extents.reduce<number>((n, extent) => n * (typeof extent === "number" ? extent : 1), 1);
}

interface Walk {
  readonly scope: KernelScope;
  readonly report: (code: RuntimeCode, at: string, message: string) => void;
  readonly loads: Set<number>;
  readonly unguarded: Set<number>;
}

const known = (extents: ReadonlyMap<number, Extent>): Known => ({
  extents,
  facts: [],
  opaque: false,
});

/** `reds`: how many reductions are computed here. */
function visit(expr: Expr, at: string, facts: Known, reds: number, walk: Walk): void {
  const { scope, report } = walk;
  if ("lit" in expr) return;
  if ("var" in expr) {
    if (!facts.extents.has(expr.var)) report("R108", at, `variable ${expr.var} is not bound`);
    return;
  }
  if ("size" in expr) {
    if (!scope.symbols.has(expr.size)) report("R108", at, `there is no size ${expr.size}`);
    return;
  }
  if ("red" in expr) {
    if (expr.red >= reds) report("R108", at, `reduction ${expr.red} is not computed yet`);
    else if (!facts.opaque && facts.facts.length === 0) walk.unguarded.add(expr.red);
    return;
  }
  if ("load" in expr) {
    visitLoad(expr, at, facts, reds, walk);
    return;
  }
  const { call, args } = expr;
  const arity = call === "select" ? 3 : has(BINARY, call) ? 2 : has(UNARY, call) ? 1 : 0;
  if (args.length !== arity) {
    report("R108", at, `${call} takes ${arity} arguments and has ${args.length}`);
    return;
  }
  const [a, b, c] = args;
  visit(a!, `${at}.args[0]`, facts, reds, walk);
  if (b === undefined) return;
  visit(b, `${at}.args[1]`, c === undefined ? facts : given(a!, true, facts), reds, walk);
  if (c !== undefined) visit(c, `${at}.args[2]`, given(a!, false, facts), reds, walk);
}

function visitLoad(
  expr: Extract<Expr, { readonly load: number }>,
  at: string,
  facts: Known,
  reds: number,
  walk: Walk,
): void {
  const { scope, report } = walk;
  for (const [axis, index] of expr.at.entries())
    visit(index, `${at}.at[${axis}]`, facts, reds, walk);
  const buffer = scope.buffers[expr.load];
  if (buffer === undefined) {
    report("R105", at, `there is no buffer ${expr.load}`);
    return;
  }
  walk.loads.add(expr.load);
  if (!scope.readable(expr.load))
    report(
      "R106",
      at,
      `${name(buffer, expr.load)} is read before it is written, or out of its step`,
    );
  if (expr.at.length !== buffer.shape.length) {
    report(
      "R107",
      at,
      `${name(buffer, expr.load)} has shape [${buffer.shape}] and is loaded with ${expr.at.length} indices`,
    );
    return;
  }
  if (facts.opaque) return;
  for (const [axis, index] of expr.at.entries()) {
    // Most indices are a variable that runs over the axis.
    if ("var" in index && facts.extents.get(index.var) === buffer.shape[axis]) continue;
    const form = affine(index);
    if (form === null || [...form.vars.keys()].some((v) => !facts.extents.has(v))) continue;
    if (!inRange(form, buffer.shape[axis]!, facts))
      report(
        "R109",
        `${at}.at[${axis}]`,
        `the index may leave axis ${axis} of ${name(buffer, expr.load)}, [${buffer.shape}]`,
      );
  }
}

function has(list: readonly string[], item: string): boolean {
  return list.includes(item);
}

function name(buffer: Buffer, id: number): string {
  return `buffer ${id} (${buffer.label.slice(0, 40)})`;
}
