/** @file Expressions and reductions of a kernel as statements. In: a kernel, where its buffers and
 *  variables are found. Out: the atoms of its values. Never evaluates the untaken side of a select that
 *  loads or reduces. */
import { extentOf } from "../../artifact/extent.ts";
import type { BufferId, Expr, Kernel, ScalarFn, UnaryFn } from "../../artifact/kernel.ts";
import type { Sizes } from "../device.ts";
import { code, type Code } from "./code.ts";
import { alike, isLight, unconditional } from "./dependencies.ts";
import {
  type Arithmetic,
  binary,
  type Comparison,
  type Dialect,
  fixedPower,
  unary,
} from "./functions.ts";
import { asAtom, fixed, minus, plus, running, times, type Whole } from "./indices.ts";
import type { Layout } from "./layout.ts";
import { type Atom, literal, type Writer } from "./writer.ts";

/** Where a kernel's text runs. */
export interface Place {
  argument(buffer: BufferId): Argument;
  readonly sizes: Sizes;
  readonly dialect: Dialect;
}

export interface Argument {
  readonly name: Code;
  readonly extents: readonly number[];
  readonly layout: Layout;
  /** The first index, where the buffer stands for one row of what is passed. */
  readonly step: Whole | null;
}

/** The value of the kernel for each lane: an assignment of its axes. Lanes share what they can. */
export function expressions(
  kernel: Kernel,
  place: Place,
  w: Writer,
  lanes: readonly (readonly Whole[])[],
): readonly Atom[] {
  const scopes = lanes.map((axes, lane) => scopeOf(axes, lane));
  const emitter = emitterOf(kernel, place, w);
  emitter.reduceFirst(scopes);
  return scopes.map((scope) => emitter.value(kernel.value, scope));
}

/** What variables stand for; `id` tells scopes apart. */
interface Scope {
  readonly id: string;
  readonly lane: number;
  readonly variables: ReadonlyMap<number, Whole>;
}

function scopeOf(axes: readonly Whole[], lane: number): Scope {
  return { id: `${lane}`, lane, variables: new Map(axes.map((axis, v) => [v, axis])) };
}

function extended(scope: Scope, v: number, value: Whole): Scope {
  const text = "value" in value ? value.value : value.atom.code;
  return {
    ...scope,
    id: `${scope.id};${v}=${text}`,
    variables: new Map(scope.variables).set(v, value),
  };
}

interface Emitter {
  value(expr: Expr, scope: Scope): Atom;
  /** Writes the reductions that are needed whatever selects choose. */
  reduceFirst(scopes: readonly Scope[]): void;
}

function emitterOf(kernel: Kernel, place: Place, w: Writer): Emitter {
  const { sizes, dialect } = place;
  const reduced = new Map<string, Atom>();
  const keyOf = (red: number, scope: Scope): string => `red ${red} of ${scope.lane}`;
  const extentsOf = (red: number): readonly number[] =>
    kernel.reductions[red]!.extents.map((e) => extentOf(e, sizes));

  const value = (expr: Expr, scope: Scope): Atom => {
    if ("lit" in expr) return literal(expr.lit);
    if ("size" in expr) return literal(extentOf(expr.size, sizes));
    if ("var" in expr) return w.is`${asAtom(variable(expr.var, scope))}`;
    if ("red" in expr) return reduction(expr.red, scope);
    if ("load" in expr) return load(expr.load, expr.at, scope);
    const [a, b] = expr.args;
    if (expr.call === "select") return select(expr.args, scope);
    if (isComparison(expr.call)) {
      const test = condition(expr, scope);
      if (typeof test === "boolean") return literal(test ? 1 : 0);
      return test.negated ? w.is`${test} ? 0 : 1` : w.is`${test} ? 1 : 0`;
    }
    const x = value(a!, scope);
    if (b === undefined) return unary(expr.call as UnaryFn, x, w, dialect);
    if (expr.call === "pow" && "lit" in b) {
      const power = fixedPower(x, b.lit, w);
      if (power !== null) return power;
    }
    return binary(expr.call as Arithmetic, x, value(b, scope), w, dialect);
  };

  const variable = (v: number, scope: Scope): Whole => {
    const found = scope.variables.get(v);
    if (found === undefined) throw new RangeError(`variable ${v} is not bound here`);
    return found;
  };

  /** Whole-number arithmetic, or null for anything else. */
  const whole = (expr: Expr, scope: Scope): Whole | null => {
    if ("lit" in expr) return Number.isSafeInteger(expr.lit) ? fixed(expr.lit) : null;
    if ("var" in expr) return variable(expr.var, scope);
    if ("size" in expr) return fixed(extentOf(expr.size, sizes));
    if (!("call" in expr)) return null;
    const parts = expr.args.map((arg) => whole(arg, scope));
    const [a, b] = parts;
    if (a === null || a === undefined || b === null) return null;
    if (expr.call === "neg") return minus(fixed(0), a);
    if (b === undefined) return null;
    if (expr.call === "add") return plus(a, b);
    if (expr.call === "sub") return minus(a, b);
    return expr.call === "mul" ? times(a, b) : null;
  };

  const load = (buffer: BufferId, at: readonly Expr[], scope: Scope): Atom => {
    const { name, extents, layout, step } = place.argument(buffer);
    const own = at.map((index) => whole(index, scope) ?? running(value(index, scope)));
    const indices = step === null ? own : [step, ...own];
    const [x, y, z] = layout.groups.map((group) =>
      asAtom(
        group.reduce<Whole>(
          (flat, axis) => plus(times(flat, fixed(extents[axis]!)), indices[axis]!),
          fixed(0),
        ),
      ),
    );
    const array: Atom = { code: name, depth: 0 };
    if (y === undefined) return w.is`${array}[${x!}]`;
    return z === undefined ? w.is`${array}[${y}][${x!}]` : w.is`${array}[${z}][${y}][${x!}]`;
  };

  /** A test as code in place, or its value where sizes decide it. */
  const condition = (expr: Expr, scope: Scope): Test | boolean => {
    if (!("call" in expr) || !isComparison(expr.call)) {
      const test = value(expr, scope);
      return { code: code`${test.code} == 0`, depth: test.depth, negated: true };
    }
    const sides = expr.args.map((arg) => whole(arg, scope));
    const [p, q] = sides;
    if (p && q && "value" in p && "value" in q) return COMPARE[expr.call].holds(p.value, q.value);
    const [a, b] = p && q ? [asAtom(p), asAtom(q)] : expr.args.map((arg) => value(arg, scope));
    return {
      code: COMPARE[expr.call].text(a!.code, b!.code),
      depth: Math.max(a!.depth, b!.depth),
      negated: expr.call === "ne",
    };
  };

  const select = ([c, yes, no]: readonly Expr[], scope: Scope): Atom => {
    const test = condition(c!, scope);
    if (typeof test === "boolean") return value(test ? yes! : no!, scope);
    const [then, otherwise] = test.negated ? [no!, yes!] : [yes!, no!];
    if (isLight(then) && isLight(otherwise))
      return w.is`${test} ? ${value(then, scope)} : ${value(otherwise, scope)}`;
    return w.shared(`if ${test.code} in ${scope.id}: ${JSON.stringify([then, otherwise])}`, () =>
      w.either(
        test,
        () => value(then, scope),
        () => value(otherwise, scope),
      ),
    );
  };

  const reduction = (red: number, scope: Scope): Atom =>
    reduced.get(keyOf(red, scope)) ??
    w.shared(keyOf(red, scope), () => reduce([red], [axesOnly(scope)])[0]![0]!);

  const axesOnly = (scope: Scope): Scope => ({
    ...scope,
    id: `${scope.lane}`,
    variables: new Map([...scope.variables].filter(([v]) => v < kernel.axes.length)),
  });

  /** Reductions over the same extents in one nest of loops, for all scopes; results [red][scope]. */
  const reduce = (reds: readonly number[], scopes: readonly Scope[]): readonly Atom[][] => {
    const extents = extentsOf(reds[0]!);
    const kinds = reds.map((red) => kernel.reductions[red]!.kind);
    const inside = (red: number, scope: Scope, indices: readonly Whole[]): Scope =>
      kernel.reductions[red]!.vars.reduce((s, v, i) => extended(s, v, indices[i]!), scope);
    if (extents.includes(0)) return kinds.map((kind) => scopes.map(() => neutral(kind)));

    const zeros = extents.map(() => fixed(0));
    const totals = reds.map((red, r) =>
      scopes.map((scope) =>
        kinds[r] === "sum"
          ? w.variable(literal(0))
          : w.variable(value(kernel.reductions[red]!.of, inside(red, scope, zeros))),
      ),
    );
    const counted = extents.flatMap((extent, i) => (extent > 1 ? [i] : []));
    const nest = (level: number, indices: readonly Whole[], into: readonly Atom[][]): void => {
      const axis = counted[level];
      if (axis === undefined) {
        for (const [r, red] of reds.entries())
          for (const [s, scope] of scopes.entries()) {
            const term = value(kernel.reductions[red]!.of, inside(red, scope, indices));
            w.assign(into[r]![s]!, combine(kinds[r]!, into[r]![s]!.code, term.code));
          }
        return;
      }
      w.loop(extents[axis]!, (index) => {
        const deeper = indices.with(axis, running(index));
        if (level === counted.length - 1) return nest(level + 1, deeper, into);
        // A row's sum apart from the total: the error grows with rows + columns, not their product.
        const partial = into.map((atoms, r) =>
          atoms.map((atom) => (kinds[r] === "sum" ? w.variable(literal(0)) : atom)),
        );
        nest(level + 1, deeper, partial);
        for (const [r, atoms] of into.entries())
          for (const [s, atom] of atoms.entries())
            if (kinds[r] === "sum") w.assign(atom, combine("sum", atom.code, partial[r]![s]!.code));
      });
    };
    nest(0, zeros, totals);
    return totals;
  };

  const neutral = (kind: "sum" | "max" | "min"): Atom => {
    if (kind === "sum") return literal(0);
    const infinity = dialect === "gpu" ? w.is`Math.exp(this.thread.x + 999)` : w.is`Infinity`;
    return kind === "min" ? infinity : w.is`-${infinity}`;
  };

  const combine = (kind: "sum" | "max" | "min", total: Code, term: Code): Code => {
    if (kind === "sum") return code`${total} + ${term}`;
    const largest = kind === "max";
    if (dialect !== "gpu")
      return largest ? code`Math.max(${total}, ${term})` : code`Math.min(${total}, ${term})`;
    const better = largest ? code`${term} > ${total}` : code`${term} < ${total}`;
    return code`${better} ? ${term} : (${term} == ${term} ? ${total} : ${term})`;
  };

  const reduceFirst = (scopes: readonly Scope[]): void => {
    const needed = [...unconditional(kernel)].sort((a, b) => a - b);
    for (const group of alike(needed, kernel, extentsOf)) {
      const results = reduce(group, scopes);
      for (const [r, red] of group.entries())
        for (const [s, scope] of scopes.entries()) reduced.set(keyOf(red, scope), results[r]![s]!);
    }
  };

  return { value, reduceFirst };
}

/** A test in the text. `ne` is written as == and negated: WGSL's != is false of NaN. */
interface Test extends Atom {
  readonly negated: boolean;
}

const COMPARE = {
  lt: { text: (a: Code, b: Code) => code`${a} < ${b}`, holds: (a: number, b: number) => a < b },
  le: { text: (a: Code, b: Code) => code`${a} <= ${b}`, holds: (a: number, b: number) => a <= b },
  gt: { text: (a: Code, b: Code) => code`${a} > ${b}`, holds: (a: number, b: number) => a > b },
  ge: { text: (a: Code, b: Code) => code`${a} >= ${b}`, holds: (a: number, b: number) => a >= b },
  eq: { text: (a: Code, b: Code) => code`${a} == ${b}`, holds: (a: number, b: number) => a === b },
  ne: { text: (a: Code, b: Code) => code`${a} == ${b}`, holds: (a: number, b: number) => a !== b },
} satisfies Record<Comparison, unknown>;

function isComparison(fn: ScalarFn): fn is Comparison {
  return Object.hasOwn(COMPARE, fn);
}
