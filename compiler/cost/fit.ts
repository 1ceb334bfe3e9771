/** @file Polynomials from their values. In: a function of dims that is known to be a polynomial. Out: its
 *  coefficients, exactly. Never from a formula that does not hold: values elsewhere are checked. */
import type { Formula } from "../6-schedule/formula.ts";
import type { Dims } from "./template.ts";

export type Named<T> = Readonly<Record<string, T>>;

/**
 * Each of `of`'s formulas in run-time sizes, as formulas in those and the dims. Newton's forward
 * differences over the points base + α, |α| ≤ degree; where a formula so found does not give the values
 * at `checks`, the degree goes up to HIGHEST, and then null: it is no polynomial in the dims.
 */
export function interpolate(
  of: (dims: Dims) => Named<Formula>,
  names: readonly string[],
  checks: readonly Dims[],
): Named<Formula> | null {
  const known = new Map<string, Named<Formula>>();
  const values = (dims: Dims): Named<Formula> => {
    const key = JSON.stringify(dims);
    const value = known.get(key) ?? of(dims);
    known.set(key, value);
    return value;
  };
  for (let degree = FIRST; degree <= HIGHEST; degree++) {
    const found = interpolated(values, names, degree);
    if (checks.every((dims) => agrees(found, values(dims), dims))) return found;
  }
  return null;
}

const FIRST = 3;
const HIGHEST = 5;
/** Where the points start: small, so that differences lose nothing, and of sizes that occur. */
const BASE = 8;

function interpolated(
  values: (dims: Dims) => Named<Formula>,
  names: readonly string[],
  degree: number,
): Named<Formula> {
  const powers = simplex(names.length, degree);
  const at = powers.map((a) => values(Object.fromEntries(names.map((n, i) => [n, BASE + a[i]!]))));
  const index = new Map(powers.map((a, i) => [a.join(), i]));
  const terms = powers.map((a) => binomials(a));
  return Object.fromEntries(
    Object.keys(at[0]!).map((quantity) => {
      const symbols = new Set(at.flatMap((f) => [...f[quantity]!.keys()]));
      const result = new Map<string, number>();
      for (const symbol of symbols) {
        const y = at.map((f) => f[quantity]!.get(symbol) ?? 0);
        for (const [i, a] of powers.entries()) {
          const difference = forward(a, (b) => y[index.get(b.join())!]!);
          if (difference === 0) continue;
          for (const [b, c] of terms[i]!) {
            const own = names.flatMap((n, k) => Array<string>(b[k]!).fill(n));
            const rest = symbol === "" ? [] : symbol.split("·");
            const key = [...own, ...rest].sort().join("·");
            result.set(key, (result.get(key) ?? 0) + difference * c);
          }
        }
      }
      return [quantity, rounded(result)];
    }),
  );
}

/** Exponents of all monomials up to a degree. */
function simplex(dims: number, degree: number): readonly (readonly number[])[] {
  if (dims === 0) return [[]];
  return Array.from({ length: degree + 1 }, (_, first) => first).flatMap((first) =>
    simplex(dims - 1, degree - first).map((rest) => [first, ...rest]),
  );
}

/** Δ^α f = Σ_{β ≤ α} (−1)^{|α − β|} Π C(α_i, β_i) f(β). */
function forward(a: readonly number[], f: (b: readonly number[]) => number): number {
  const sum = (i: number, b: readonly number[], factor: number): number => {
    if (i === a.length) return factor * f(b);
    let total = 0;
    for (let k = 0; k <= a[i]!; k++)
      total += sum(i + 1, [...b, k], factor * choose(a[i]!, k) * ((a[i]! - k) % 2 === 0 ? 1 : -1));
    return total;
  };
  return sum(0, [], 1);
}

/** Π_i C(x_i − BASE, α_i) as exponents and coefficients. */
function binomials(a: readonly number[]): readonly (readonly [readonly number[], number])[] {
  return a.reduce<readonly (readonly [readonly number[], number])[]>(
    (all, n) =>
      all.flatMap(([powers, c]) =>
        binomial(n).map((d, power) => [[...powers, power], c * d] as const),
      ),
    [[[], 1]],
  );
}

/** C(x − BASE, n) by powers of x. */
function binomial(n: number): readonly number[] {
  let p: readonly number[] = [1];
  for (let k = 0; k < n; k++) {
    const root = BASE + k;
    p = Array.from(
      { length: p.length + 1 },
      (_, i) => ((p[i - 1] ?? 0) - root * (p[i] ?? 0)) / (k + 1),
    );
  }
  return p;
}

function choose(n: number, k: number): number {
  let c = 1;
  for (let i = 0; i < k; i++) c = (c * (n - i)) / (i + 1);
  return Math.round(c);
}

/** Coefficients are sums of a few fractions: what is beyond a millionth is rounding. */
function rounded(f: Formula): Formula {
  return new Map(
    [...f].flatMap(([key, c]) => {
      const r = Math.round(c * 1e6) / 1e6;
      return r === 0 ? [] : [[key, r]];
    }),
  );
}

function agrees(found: Named<Formula>, wanted: Named<Formula>, dims: Dims): boolean {
  return Object.entries(wanted).every(([quantity, formula]) => {
    const there = withDims(found[quantity]!, dims);
    const keys = new Set([...formula.keys(), ...there.keys()]);
    return [...keys].every((key) => {
      const [a, b] = [there.get(key) ?? 0, formula.get(key) ?? 0];
      return Math.abs(a - b) <= 1e-4 + 1e-7 * Math.abs(b);
    });
  });
}

/** The formula with numbers for the dims. */
export function withDims(f: Formula, dims: Dims): Formula {
  const result = new Map<string, number>();
  for (const [key, c] of f) {
    const symbols = key === "" ? [] : key.split("·");
    const value = symbols.reduce((n, s) => n * (Object.hasOwn(dims, s) ? dims[s]! : 1), c);
    const rest = symbols.filter((s) => !Object.hasOwn(dims, s)).join("·");
    result.set(rest, (result.get(rest) ?? 0) + value);
  }
  return result;
}
