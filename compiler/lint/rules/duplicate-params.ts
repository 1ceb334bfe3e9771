/** @file W306. Two parameters that act as one: only their sum, or their product, matters. */
import { type Diagnostic, warning } from "../../../grammar/diagnostic.ts";
import { placeOf, type Rule } from "../rule.ts";
import type { Subject } from "../subject.ts";
import { type ApplyTerm, isPast, type LeafTerm, type Term } from "../term.ts";

export const duplicateParams: Rule = {
  code: "W306",
  find: (subject) => {
    const { lines } = subject;
    const uses = new Map<Term, number>();
    for (const t of lines.all)
      if (t.kind === "apply") for (const a of t.args) uses.set(a, (uses.get(a) ?? 0) + 1);
    const isFree = (t: Term | undefined): t is LeafTerm =>
      t?.kind === "leaf" && t.of === "param" && uses.get(t) === 1;
    return lines.all.flatMap((t) =>
      t.kind === "apply" ? [...sums(t, isFree, subject), ...factors(t, isFree, subject)] : [],
    );
  },
};

type IsFree = (t: Term | undefined) => t is LeafTerm;

/** P @ v + Q @ v, p * v + q * v: (P + Q) @ v. Two biases are not told: published layouts have them. */
function sums(root: ApplyTerm, isFree: IsFree, subject: Subject): readonly Diagnostic[] {
  if (root.call !== "+" && root.call !== "-") return [];
  const before = new Map<string, LeafTerm>();
  const found: Diagnostic[] = [];
  for (const t of flat(root, ["+", "-", "neg"])) {
    if (t.kind !== "apply" || (t.call !== "@" && t.call !== "*")) continue;
    const [a, b] = t.args;
    const [param, other] = isFree(a) ? [a, b] : isFree(b) ? [b, a] : [];
    if (param === undefined || other === undefined || isFree(other)) continue;
    const side = t.call === "@" && param === b ? "right" : "left";
    const key = `${t.call} ${side} ${other.id} ${shapeOf(param, subject)}`;
    const twin = before.get(key);
    if (twin !== undefined) found.push(report(param, twin, "sum", other, subject));
    before.set(key, twin ?? param);
  }
  return found;
}

/** p * q * v, elementwise: one parameter does the same. */
function factors(root: ApplyTerm, isFree: IsFree, subject: Subject): readonly Diagnostic[] {
  if (root.call !== "*") return [];
  const params = flat(root, ["*"]).filter(isFree);
  const others = flat(root, ["*"]).filter((t) => !isFree(t));
  const [first, ...rest] = params;
  if (first === undefined || others.length === 0) return [];
  return rest
    .filter((p) => shapeOf(p, subject) === shapeOf(first, subject))
    .map((p) => report(p, first, "product", others[0]!, subject));
}

/** Operands of a nest of `calls`. */
function flat(term: Term, calls: readonly string[]): readonly Term[] {
  return term.kind === "apply" && calls.includes(term.call)
    ? term.args.flatMap((a) => flat(a, calls))
    : [term];
}

const shapeOf = (param: LeafTerm, { params }: Subject): string =>
  (params.get(param.name)?.shape ?? []).join();

function report(
  param: LeafTerm,
  twin: LeafTerm,
  how: "sum" | "product",
  other: Term,
  subject: Subject,
): Diagnostic {
  const { name } = param;
  const at =
    other.kind === "leaf"
      ? `\`${other.name}${isPast(other) ? `[t-${other.lag}]` : ""}\``
      : "the same value";
  return warning(
    "W306",
    placeOf(subject, name),
    `\`${twin.name}\` and \`${name}\` act as one parameter`,
    {
      label: `both multiply ${at} and nothing else: only their ${how} matters`,
      help: `remove \`${name}\`, or let it meet another value`,
    },
  );
}
