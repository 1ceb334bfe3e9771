/** @file Products and sums of linear maps. In: maps. Out: one map, simplified: neighbours joined where a rule says
 *  how, what terms share in front or behind taken out. Never changes the map that is meant. */
import { invariant } from "../ir/invariant.ts";
import { type Coefficients, plus } from "./coefficients.ts";
import {
  factorsOf,
  identity,
  isIdentity,
  isZero,
  key,
  type Linear,
  type Shape,
  sameShape,
  zero,
} from "./linear.ts";
import { reduced } from "./linear-rules.ts";

/** left ∘ right, neighbours joined where a rule says how. */
export function compose(c: Coefficients, left: Linear, right: Linear): Linear {
  invariant(
    sameShape(left.cols, right.rows),
    `a map from [${left.cols.join()}] after one to [${right.rows.join()}]`,
  );
  if (isZero(left) || isZero(right)) return zero(left.rows, right.cols);
  const factors = [...factorsOf(left), ...factorsOf(right)];
  return product(c, factors, left.rows, right.cols);
}

function product(c: Coefficients, factors: readonly Linear[], rows: Shape, cols: Shape): Linear {
  let list = [...factors];
  for (let i = 0; i + 1 < list.length; ) {
    const joined = reduced(c, list[i]!, list[i + 1]!);
    if (joined === null) {
      i++;
      continue;
    }
    if (joined.some(isZero)) return zero(rows, cols);
    list = [...list.slice(0, i), ...joined, ...list.slice(i + 2)];
    i = Math.max(0, i - 1);
  }
  const kept = list.filter((f) => !isIdentity(c, f));
  if (kept.length === 0) return identity(c, rows);
  return kept.length === 1 ? kept[0]! : { kind: "product", factors: kept, rows, cols };
}

/** a + b, with what they share in front or behind taken out. */
export function sum(c: Coefficients, a: Linear, b: Linear): Linear {
  const { rows, cols } = a;
  let terms: readonly Linear[] = [];
  for (const term of [...termsOf(a), ...termsOf(b)]) terms = withTerm(c, terms, term);
  return terms.length === 1 ? terms[0]! : { kind: "sum", terms, rows, cols };
}

function withTerm(c: Coefficients, terms: readonly Linear[], term: Linear): readonly Linear[] {
  for (const [i, t] of terms.entries()) {
    const one = added(c, t, term);
    if (one !== null) return terms.with(i, one);
  }
  return [...terms, term];
}

/** The sum of two maps as one map that is no sum at its top, or null. */
function added(c: Coefficients, x: Linear, y: Linear): Linear | null {
  const { rows, cols } = x;
  if (x.kind === "scale" && y.kind === "scale") return { ...x, by: plus(c, x.by, y.by) };
  if (x.kind === "column" && y.kind === "column") return { ...x, of: plus(c, x.of, y.of) };
  if (x.kind === "row" && y.kind === "row") return { ...x, of: plus(c, x.of, y.of) };
  const [xs, ys] = [factorsOf(x), factorsOf(y)];
  const [last, first] = [xs.at(-1)!, xs[0]!];
  if (xs.length + ys.length < 3) return null;
  if (key(last) === key(ys.at(-1)!) && xs.length > 1 && ys.length > 1) {
    const head = (fs: readonly Linear[]) => product(c, fs.slice(0, -1), rows, last.rows);
    return compose(c, sum(c, head(xs), head(ys)), last);
  }
  if (key(first) === key(ys[0]!) && xs.length > 1 && ys.length > 1) {
    const tail = (fs: readonly Linear[]) => product(c, fs.slice(1), first.cols, cols);
    return compose(c, first, sum(c, tail(xs), tail(ys)));
  }
  return null;
}

function termsOf(l: Linear): readonly Linear[] {
  return l.kind === "sum" ? l.terms : [l];
}
