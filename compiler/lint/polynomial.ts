/** @file Terms as sums of products. In: a step. Out: what is left of each term when sums and products are
 *  written out. Never rounds away: a coefficient is gone only where it is exactly 0. */
import { fold, type LeafTerm, type Step, type Term } from "./term.ts";

/** Coefficient by monomial; a monomial is its factors, `id^power`, sorted. */
type Polynomial = ReadonlyMap<string, number>;

/** Longer sums stay as they are written: they count as one name. */
const LONGEST = 64;

/** For each term, the leaves that are left when it is written out. */
export function remaining(step: Step): readonly ReadonlySet<LeafTerm>[] {
  /** Leaves by the name that a factor has in monomials. */
  const factors = new Map<string, ReadonlySet<LeafTerm>>();
  /** Names of calls that are no arithmetic, by what they are. */
  const known = new Map<string, string>();
  const left: ReadonlySet<LeafTerm>[] = [];

  /** One factor that is not looked into. `key` says what it is made of, so that equals cancel. */
  const opaque = (key: string, leaves: ReadonlySet<LeafTerm>): Polynomial => {
    factors.set(key, leaves);
    return new Map([[`${key}^1`, 1]]);
  };
  const leavesOf = (p: Polynomial): ReadonlySet<LeafTerm> =>
    new Set([...p.keys()].flatMap(split).flatMap(([factor]) => [...(factors.get(factor) ?? [])]));

  fold<Polynomial>(step, (term, of) => {
    const p = written(term, of);
    left.push(leavesOf(p));
    return p;
  });
  return left;

  function written(term: Term, of: (t: Term) => Polynomial): Polynomial {
    if (term.kind === "number") return constant(term.value);
    if (term.kind === "leaf") return opaque(`t${term.id}`, new Set([term]));
    const args = term.args.map(of);
    const found = combined(term.call, args);
    if (found !== null && found.size <= LONGEST) return found;
    const key = `${term.call}(${args.map(show).join(";")})${JSON.stringify(term.settings)}`;
    const named = known.get(key) ?? `f${known.size}`;
    known.set(key, named);
    return opaque(named, new Set(args.flatMap((p) => [...leavesOf(p)])));
  }
}

/** Null where a call is no arithmetic. */
function combined(call: string, args: readonly Polynomial[]): Polynomial | null {
  const [a = constant(0), b = constant(0), c] = args;
  switch (call) {
    case "+":
      return sum(a, b, 1);
    case "-":
      return sum(a, b, -1);
    case "neg":
      return sum(constant(0), a, -1);
    case "*":
      return product(a, b);
    case "/":
      return b.size === 1 ? product(a, inverse(b)) : null;
    case "@":
    case "outer":
    case "dot":
      return a.size === 0 || b.size === 0 ? constant(0) : null;
    case "^":
      return b.size === 0 ? constant(1) : null;
    case "where":
      return c !== undefined && show(b) === show(c) ? b : null;
    default:
      return null;
  }
}

const constant = (value: number): Polynomial => new Map(value === 0 ? [] : [["", value]]);

function sum(a: Polynomial, b: Polynomial, sign: number): Polynomial {
  const result = new Map(a);
  for (const [monomial, value] of b) {
    const total = (result.get(monomial) ?? 0) + sign * value;
    if (total === 0) result.delete(monomial);
    else result.set(monomial, total);
  }
  return result;
}

function product(a: Polynomial, b: Polynomial): Polynomial | null {
  if (a.size * b.size > LONGEST) return null;
  let result: Polynomial = new Map();
  for (const [m, x] of a)
    for (const [n, y] of b) result = sum(result, new Map([[times(m, n), x * y]]), 1);
  return result;
}

function inverse(single: Polynomial): Polynomial {
  const [[monomial, value] = ["", 1]] = [...single];
  const turned = split(monomial).map(([factor, power]) => [factor, -power] as const);
  return new Map([[joined(new Map(turned)), 1 / value]]);
}

function times(m: string, n: string): string {
  const powers = new Map(split(m));
  for (const [factor, power] of split(n)) powers.set(factor, (powers.get(factor) ?? 0) + power);
  return joined(powers);
}

const split = (monomial: string): (readonly [factor: string, power: number])[] =>
  monomial === ""
    ? []
    : monomial.split(" ").map((part) => {
        const at = part.indexOf("^");
        return [part.slice(0, at), Number(part.slice(at + 1))];
      });

const joined = (powers: ReadonlyMap<string, number>): string =>
  [...powers]
    .filter(([, power]) => power !== 0)
    .map(([factor, power]) => `${factor}^${power}`)
    .sort()
    .join(" ");

const show = (p: Polynomial): string =>
  [...p]
    .map(([monomial, value]) => `${value} ${monomial}`)
    .sort()
    .join(" + ");
