/** @file Calls: which argument is what, and what comes out. In: a callable or fn, and typed values.
 *  Out: the result's type, or null where a mistake was reported. */
import type { Arg, Expr, Name } from "../../grammar/ast.ts";
import { error, nearest } from "../../grammar/diagnostic.ts";
import type { Span } from "../../grammar/span.ts";
import { didYouMean, list } from "../1-resolve/report.ts";
import { add, type Dim, divide, multiply, number, subtract } from "./dims.ts";
import type { Signature } from "./fns.ts";
import {
  byPosition,
  type Callable,
  isMisfit,
  PARTNER,
  type Setting,
  type ShapeRule,
} from "./functions.ts";
import { type Given, type Scope, textOf } from "./scope.ts";
import { real, type Shape, showShape, showType, type Type } from "./types.ts";
import { type Bindings, resolve, unify } from "./unify.ts";

export interface Split {
  readonly values: readonly Expr[];
  readonly settings: ReadonlyMap<string, Expr>;
}

/**
 * Sorts a call's arguments: values first, then settings by position or by name. `piped` counts as
 * the first value. Null where something is missing, left over or named wrongly.
 */
export function splitArguments(
  callee: Name,
  f: {
    readonly usage: string;
    readonly arity: number | null;
    readonly settings: readonly Setting[];
  },
  args: readonly Arg[],
  piped: boolean,
  span: Span,
  scope: Pick<Scope, "report">,
): Split | null {
  const wanted = f.arity === null ? Number.POSITIVE_INFINITY : f.arity - (piped ? 1 : 0);
  const values: Expr[] = [];
  const settings = new Map<string, Expr>();
  const positional = f.settings.filter(byPosition);
  const wrong = (at: Span, label: string, help: string | null = null) =>
    scope.report(
      error("E220", at, `wrong arguments to \`${callee.text}\``, {
        label,
        help: help ?? `write \`${f.usage}\``,
      }),
    );
  let sound = true;
  let position = 0;
  for (const arg of args) {
    if (arg.kind === "target") return null;
    const name = arg.kind === "named" ? arg.name.text : positional[position - wanted]?.name;
    if (arg.kind === "positional") position++;
    if (arg.kind === "positional" && position <= wanted) {
      values.push(arg.value);
    } else if (name === undefined) {
      wrong(arg.span, "one argument too many");
      sound = false;
    } else if (!f.settings.some((s) => s.name === name)) {
      const names = f.settings.map((s) => s.name);
      const label = names.length > 0 ? `has no setting \`${name}\`` : "values go by position";
      wrong(arg.span, label, didYouMean(name, names));
      sound = false;
    } else if (settings.has(name)) {
      wrong(arg.span, `\`${name}\` is given twice`);
      sound = false;
    } else settings.set(name, arg.value);
  }
  const least = f.arity === null ? (piped ? 0 : 1) : wanted;
  const missing = f.settings.filter(
    (s) =>
      !settings.has(s.name) && (s.kind === "dim" || (s.kind === "number" && s.default === null)),
  );
  if (sound && values.length < least) {
    const got = values.length + (piped ? 1 : 0);
    wrong(span, `takes ${count(f.arity ?? 1, "value")}, got ${got}`);
    sound = false;
  } else if (sound && missing.length > 0) {
    wrong(span, `${list(missing.map((s) => `\`${s.name}\``))} must be given`);
    sound = false;
  }
  return sound ? { values, settings } : null;
}

/** The type of a callable's result. */
export function applyCallable(
  callee: Name,
  f: Callable,
  given: readonly Given[],
  settings: ReadonlyMap<string, Expr>,
  scope: Scope,
): Type | null {
  const dims = checkSettings(callee, f.settings, settings, scope);
  const result = applyRule(f.shape, given, dims ?? {}, scope);
  return dims === null ? null : result;
}

/** What settings need of a scope. */
export type Settings = Pick<Scope, "report" | "where" | "dim" | "constant">;

/** Values of settings that are dims; null where one is wrong. */
export function checkSettings(
  callee: Name,
  settings: readonly Setting[],
  given: ReadonlyMap<string, Expr>,
  scope: Settings,
): Readonly<Record<string, Dim>> | null {
  const dims: Record<string, Dim> = {};
  let sound = true;
  for (const s of settings) {
    const e = given.get(s.name);
    if (e === undefined) continue;
    const wrong = (label: string, help: string | null) => {
      sound = false;
      const what = s.kind === "word" ? "is not one of its choices" : "is out of bounds";
      const message = `\`${s.name}\` of \`${callee.text}\` ${what}`;
      scope.report(error("E226", e.span, message, { label, help }));
    };
    switch (s.kind) {
      case "dim": {
        const dim = asDim(e, scope);
        if (dim !== null) dims[s.name] = dim;
        else sound = false;
        break;
      }
      case "word":
        if (e.kind !== "ref" || e.lag !== null || !s.words.includes(e.name)) {
          const near = e.kind === "ref" ? nearest(e.name, s.words) : null;
          wrong(`is none of ${list(s.words, "or")}`, near && `did you mean \`${near}\`?`);
        }
        break;
      case "number": {
        const bounds = scope.constant(e);
        if (bounds === null) sound = false;
        else if (s.within !== undefined) {
          const { from, to, open } = s.within;
          if (bounds.hi < from || bounds.lo > to || (open && bounds.lo >= to)) {
            wrong(`is outside [${from}, ${to}${open ? ")" : "]"}`, null);
          }
        }
        break;
      }
    }
  }
  return sound ? dims : null;
}

/** Joins sequences and shapes of values; reports tokens, different sequences, and misfits. */
export function applyRule(
  rule: ShapeRule,
  given: readonly Given[],
  dims: Readonly<Record<string, Dim>>,
  scope: Scope,
): Type | null {
  const seq = joinSequences(given, scope);
  if (seq === undefined) return null;
  const shapes = given.map((g) => g.type.shape);
  const result = rule(shapes, dims);
  if (!isMisfit(result)) return real(result, seq);
  // Of two values blame the one that is a name: it is what one mistypes.
  const [first, second] = given;
  const swap = given.length === 2 && result.at === 1 && isName(first) && !isName(second);
  const swapped = swap ? rule([shapes[1]!, shapes[0]!], dims) : result;
  const blame = swap && isMisfit(swapped) && swapped.at === 1 ? { ...swapped, at: 0 } : result;
  const culprit = given[blame.at]!;
  const partner = given[blame.at === 0 ? 1 : 0];
  const partnerText = partner === undefined ? null : textOf(partner.expr);
  scope.report(
    error("E203", culprit.expr.span, `shape mismatch in ${scope.where}`, {
      label: blame.misfit.replace(PARTNER, partnerText ?? "the other side"),
      help: suggestion(culprit.expr, blame.fits, scope),
    }),
  );
  return null;
}

/** The sequence of a result; undefined where tokens or two sequences were reported. */
export function joinSequences(given: readonly Given[], scope: Scope): string | null | undefined {
  let joined: { readonly seq: string; readonly by: Given } | null = null;
  let sound = true;
  for (const g of given) {
    const { seq, of } = g.type;
    if (of !== null) {
      sound = false;
      scope.report(
        error("E229", g.expr.span, `tokens where numbers are needed in ${scope.where}`, {
          label: `is ${showType(g.type)}: which token, not how much`,
          help: "give each token a vector first: `| embedding(E)`",
        }),
      );
    } else if (joined !== null && seq !== null && seq !== joined.seq) {
      sound = false;
      scope.report(
        error("E228", g.expr.span, `two sequences meet in ${scope.where}`, {
          label: `varies over ${seq}, but ${textOf(joined.by.expr) ?? "the rest"} over ${joined.seq}`,
          help: "bring one to a vector first, by `last`, `mean` or `attend(A)`, or give it as `memory`",
          related: [{ span: joined.by.expr.span, message: `varies over ${joined.seq}` }],
        }),
      );
    } else if (seq !== null) joined ??= { seq, by: g };
  }
  return sound ? (joined?.seq ?? null) : undefined;
}

/** The type of a call of `fn`, its dims found from the values. */
export function applyFn(
  callee: Name,
  fn: Signature,
  given: readonly Given[],
  span: Span,
  scope: Scope,
): Type | null {
  const seq = joinSequences(given, scope);
  if (seq === undefined) return null;
  const bindings: Bindings = new Map();
  // Twice: an axis with two unknowns may be known once the later values are.
  for (const [i, g] of [...given.entries(), ...given.entries()]) {
    const param = fn.params[i]!;
    const wrong = unify(param.shape, g.type.shape, fn.own, bindings);
    if (wrong === null) continue;
    const fits = (s: Shape) => unify(param.shape, s, fn.own, new Map(bindings)) === null;
    scope.report(
      error("E203", g.expr.span, `shape mismatch in ${scope.where}`, {
        label: `is ${showShape(g.type.shape)}, but \`${param.name}\` of \`${callee.text}\` is ${wrong.wanted} here`,
        help: suggestion(g.expr, fits, scope),
      }),
    );
    return null;
  }
  const result = resolve(fn.returns, fn.own, bindings);
  if ("shape" in result) return real(result.shape, seq);
  const names = list(result.unbound.map((n) => `\`${n}\``));
  scope.report(
    error("E230", span, `dims of \`${callee.text}\` cannot be inferred`, {
      label: `nothing says what ${names} would be`,
    }),
  );
  return null;
}

/** A whole number of elements: numbers, dims, and their sums, products and quotients. */
export function asDim(e: Expr, scope: Settings): Dim | null {
  const refuse = (at: Expr): null => {
    scope.report(
      error("E223", at.span, `not a dim in ${scope.where}`, {
        label: "must be a whole number, a dim, or made of them by + - * /",
      }),
    );
    return null;
  };
  switch (e.kind) {
    case "number":
      return Number.isSafeInteger(e.value) ? number(e.value) : refuse(e);
    case "ref": {
      const dim = e.lag === null ? scope.dim(e.name) : null;
      return dim ?? refuse(e);
    }
    case "binary": {
      if (!"+-*/".includes(e.op)) return refuse(e);
      const left = asDim(e.left, scope);
      const right = asDim(e.right, scope);
      if (left === null || right === null) return null;
      if (e.op === "+") return add(left, right);
      if (e.op === "-") return subtract(left, right);
      if (e.op === "*") return multiply(left, right);
      return divide(left, right) ?? refuse(e);
    }
    default:
      return refuse(e);
  }
}

/** A declared name near `e` whose shape would do. */
export function suggestion(e: Expr, fits: (s: Shape) => boolean, scope: Scope): string | null {
  if (e.kind !== "ref") return null;
  const would = scope.alternatives(e).filter((a) => a.type.of === null && fits(a.type.shape));
  const name = nearest(
    e.name,
    would.map((a) => a.name),
  );
  const found = would.find((a) => a.name === name);
  return found === undefined
    ? null
    : `did you mean \`${found.text}\` (${showShape(found.type.shape)})?`;
}

const isName = (g: Given | undefined): boolean => g?.expr.kind === "ref";

export const count = (n: number, word: string): string => `${n} ${word}${n === 1 ? "" : "s"}`;
