/** @file Arithmetic of symbolic dims. In: dim expressions over names. Out: canonical sums of products
 *  that are equal exactly when their values are equal for all sizes. Never holds concrete sizes. */
import type { DimExpr } from "../../grammar/ast.ts";

/**
 * Σ_i (num_i / den_i) · Π_j name_ij^power_ij, terms in one canonical order, none zero.
 * Quotients are exact: `2 * (H / 2)` is H, and H must be even once sizes are known.
 */
export interface Dim {
  readonly terms: readonly Term[];
}

interface Term {
  readonly num: number;
  readonly den: number;
  /** Sorted by name; powers are whole and not 0. */
  readonly powers: readonly (readonly [name: string, power: number])[];
}

export const number = (value: number): Dim => canonical([{ num: value, den: 1, powers: [] }]);
export const named = (name: string): Dim => canonical([{ num: 1, den: 1, powers: [[name, 1]] }]);

/** What dims are, by name: themselves, or their sizes where those are known. */
export type DimValues = ReadonlyMap<string, Dim>;

/** Dims that stand for themselves. */
export const symbols = (names: Iterable<string>): DimValues =>
  new Map([...names].map((name) => [name, named(name)]));

/** The length of a sequence: a dim whose value only a run knows. Shown as its name. */
export const lengthOf = (name: string): Dim => named(LENGTH + name);
const LENGTH = "#";

/** Does the length of a sequence stand in it? */
export const hasLength = (d: Dim): boolean => namesOf(d).some((n) => n.startsWith(LENGTH));

export const add = (a: Dim, b: Dim): Dim => canonical([...a.terms, ...b.terms]);
export const subtract = (a: Dim, b: Dim): Dim => add(a, multiply(number(-1), b));

export const multiply = (a: Dim, b: Dim): Dim =>
  canonical(a.terms.flatMap((x) => b.terms.map((y) => times(x, y))));

/** a / b where b is one term, or divides a evenly; null for any other quotient, and for b = 0. */
export function divide(a: Dim, b: Dim): Dim | null {
  const [divisor] = b.terms;
  if (divisor === undefined) return null;
  if (b.terms.length === 1) return canonical(a.terms.map((x) => times(x, inverse(divisor))));
  const [lead] = a.terms;
  if (lead === undefined) return a;
  const ratio = canonical([times(lead, inverse(divisor))]);
  return equal(multiply(ratio, b), a) ? ratio : null;
}

export const equal = (a: Dim, b: Dim): boolean =>
  a.terms.length === b.terms.length &&
  a.terms.every((x, i) => {
    const y = b.terms[i]!;
    return x.num === y.num && x.den === y.den && monomial(x) === monomial(y);
  });

/** The number it is for all sizes, or null. */
export function constantOf(d: Dim): number | null {
  if (d.terms.length === 0) return 0;
  const [only] = d.terms;
  return d.terms.length === 1 && only!.powers.length === 0 ? only!.num / only!.den : null;
}

export const namesOf = (d: Dim): readonly string[] => [
  ...new Set(d.terms.flatMap((term) => term.powers.map(([name]) => name))),
];

/** d with every name that `values` binds replaced by its value; null where that divides by zero. */
export function substitute(d: Dim, values: DimValues): Dim | null {
  let sum = number(0);
  for (const term of d.terms) {
    let product: Dim | null = canonical([{ num: term.num, den: term.den, powers: [] }]);
    for (const [name, power] of term.powers) {
      const value = values.get(name) ?? named(name);
      for (let i = 0; i < Math.abs(power) && product !== null; i++) {
        product = power > 0 ? multiply(product, value) : divide(product, value);
      }
    }
    if (product === null) return null;
    sum = add(sum, product);
  }
  return sum;
}

/** The value of `name` for which `pattern` equals `value`, where pattern is a·name + b; else null. */
export function solve(pattern: Dim, name: string, value: Dim): Dim | null {
  const holds = (t: Term) => t.powers.some(([n]) => n === name);
  const rest = canonical(pattern.terms.filter((t) => !holds(t)));
  const factors = pattern.terms.filter(holds);
  const [only] = factors;
  if (factors.length !== 1 || only!.powers.some(([n, p]) => n === name && p !== 1)) return null;
  const factor = { ...only!, powers: only!.powers.filter(([n]) => n !== name) };
  return divide(subtract(value, rest), canonical([factor]));
}

/** Could it be a number of elements? No number but a whole one of at least `least` could. */
export function mayBeSize(d: Dim, least = 1): boolean {
  const value = constantOf(d);
  return value === null || (Number.isSafeInteger(value) && value >= least);
}

/** As a user writes it: `4 * H`, `D + H`, `H / 2`. */
export function showDim(d: Dim): string {
  if (d.terms.length === 0) return "0";
  return d.terms
    .map((term, i) => {
      const sign = term.num < 0 ? (i === 0 ? "-" : " - ") : i === 0 ? "" : " + ";
      return sign + showTerm({ ...term, num: Math.abs(term.num) });
    })
    .join("");
}

/** Dim expression → dim. `report` hears of a quotient that is no dim, and then it is null. */
export function dimOf(e: DimExpr, report: (at: DimExpr) => void): Dim | null {
  switch (e.kind) {
    case "dim-number":
      return number(e.value);
    case "dim-name":
      return named(e.name);
    case "dim-binary": {
      const left = dimOf(e.left, report);
      const right = dimOf(e.right, report);
      if (left === null || right === null) return null;
      switch (e.op) {
        case "+":
          return add(left, right);
        case "-":
          return subtract(left, right);
        case "*":
          return multiply(left, right);
        case "/": {
          const quotient = divide(left, right);
          if (quotient === null) report(e);
          return quotient;
        }
      }
    }
  }
}

function showTerm(term: Term): string {
  const over = (positive: boolean) =>
    term.powers.flatMap(([name, power]) =>
      power > 0 === positive ? Array<string>(Math.abs(power)).fill(name.replace(LENGTH, "")) : [],
    );
  const above = [...(term.num === 1 ? [] : [String(term.num)]), ...over(true)];
  const below = [...(term.den === 1 ? [] : [String(term.den)]), ...over(false)];
  return [above.join(" * ") || "1", ...below].join(" / ");
}

const monomial = (t: Term): string => t.powers.map(([name, power]) => `${name}^${power}`).join("*");

function times(x: Term, y: Term): Term {
  const powers = new Map(x.powers);
  for (const [name, power] of y.powers) powers.set(name, (powers.get(name) ?? 0) + power);
  const kept = [...powers].filter(([, power]) => power !== 0);
  return {
    ...reduced(x.num * y.num, x.den * y.den),
    powers: kept.sort(([a], [b]) => (a < b ? -1 : 1)),
  };
}

const inverse = (t: Term): Term => ({
  ...reduced(t.den, t.num),
  powers: t.powers.map(([name, power]) => [name, -power] as const),
});

/** Adds like terms, drops zeros, orders: higher degree first, then by name, numbers last. */
function canonical(terms: readonly Term[]): Dim {
  const byMonomial = new Map<string, Term>();
  for (const term of terms) {
    const key = monomial(term);
    const before = byMonomial.get(key);
    const sum =
      before === undefined
        ? reduced(term.num, term.den)
        : reduced(before.num * term.den + term.num * before.den, before.den * term.den);
    byMonomial.set(key, { ...sum, powers: term.powers });
  }
  const degree = (t: Term) => t.powers.reduce((sum, [, power]) => sum + power, 0);
  return {
    terms: [...byMonomial.values()]
      .filter((t) => t.num !== 0)
      .sort((a, b) => degree(b) - degree(a) || (monomial(a) < monomial(b) ? -1 : 1)),
  };
}

function reduced(num: number, den: number): { num: number; den: number } {
  const g = gcd(Math.abs(num), Math.abs(den)) * (den < 0 ? -1 : 1);
  return g === 0 || !Number.isFinite(g) ? { num, den } : { num: num / g, den: den / g };
}

function gcd(a: number, b: number): number {
  while (b > 0) [a, b] = [b, a % b];
  return a;
}
