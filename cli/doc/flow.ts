/** @file What flows through an expression. In: an expression, which of its names are nodes. Out: nodes for
 *  its operations, edges with the weights they pass. Never an edge that the expression does not have. */
import type { Expr } from "../../grammar/ast.ts";
import { isScalar, type Scalars } from "../../grammar/latex.ts";
import { sliceOf } from "../../grammar/latex-calls.ts";
import type { Draft, NodeId } from "./diagram.ts";
import { type Ink, inkOf, raised, upright } from "./ink.ts";
import { written } from "./text.ts";
import { functionLabel } from "./labels.ts";

type Ref = Extract<Expr, { kind: "ref" }>;

export interface FlowScope {
  readonly draft: Draft;
  readonly scalars: Scalars;
  /** The node of a name, or null where it is the same at every step: a parameter, constant or dim. */
  readonly node: (ref: Ref) => NodeId | null;
  /** Is it a parameter, and so left out where it is only added? */
  readonly isParam: (name: string) => boolean;
  /** What the expressions of cells do not have: layers and their parts. Null where there are none. */
  readonly layer: ((e: Expr) => Source | null) | null;
}

/** Makes `to` do what `e` says: its sign, and an edge from each value it takes. */
export function fill(to: NodeId, e: Expr, scope: FlowScope): void {
  const { draft } = scope;
  if (isConstant(e, scope)) {
    if (e.kind === "call") draft.sign(to, upright(functionLabel(e.callee.text)));
    return;
  }
  if (e.kind === "ref" || weighted(e, scope) !== null || scope.layer?.(e) != null) {
    connect(to, e, null, scope);
    return;
  }
  switch (e.kind) {
    case "unary":
      fillSum(to, e, scope);
      break;
    case "binary":
      fillBinary(to, e, scope);
      break;
    case "call":
      fillCall(to, e, scope);
      break;
    default:
      draft.sign(to, upright(written(e)));
  }
}

/** An edge from what `e` is to `to`, with the weights it passes on the way; none from a constant. */
export function connect(to: NodeId, e: Expr, label: Ink | null, scope: FlowScope): void {
  const from = source(e, scope);
  if (from === null) return;
  const labels = [...(label === null ? [] : [label]), ...from.labels];
  const joined = labels.flatMap((ink, i) => (i === 0 ? ink : [...upright(" "), ...ink]));
  const kind = "flow";
  scope.draft.edge({ from: from.id, to, kind, label: joined.length === 0 ? null : joined });
}

/** A node, and what stands on an edge from it: outermost first, as products are written. */
export interface Source {
  readonly id: NodeId;
  readonly labels: readonly Ink[];
}

export function source(e: Expr, scope: FlowScope): Source | null {
  if (isConstant(e, scope)) return null;
  const layer = scope.layer?.(e) ?? null;
  if (layer !== null) return layer;
  if (e.kind === "ref") return { id: scope.node(e)!, labels: [] };
  const weight = weighted(e, scope);
  if (weight !== null) {
    const inner = source(weight.value, scope);
    return inner && { id: inner.id, labels: [weight.label, ...inner.labels] };
  }
  const id = scope.draft.operation(written(e));
  fill(id, e, scope);
  return { id, labels: [] };
}

/** Does it read no node? */
export function isConstant(e: Expr, scope: FlowScope): boolean {
  switch (e.kind) {
    case "number":
      return true;
    case "ref":
      return scope.node(e) === null;
    case "unary":
      return isConstant(e.operand, scope);
    case "binary":
      return isConstant(e.left, scope) && isConstant(e.right, scope);
    case "call":
      return e.args.every((a) => a.kind === "target" || isConstant(a.value, scope));
    case "apply-dims":
      return true;
    case "pipe":
      return isConstant(e.left, scope) && isConstant(e.right, scope);
    case "member":
      return isConstant(e.object, scope);
    case "record":
      return e.fields.every((f) => isConstant(f.value, scope));
  }
}

/** A value and what is done to it by constants alone: `W @ v`, `p * v`, `v / 2`, a part of v. */
function weighted(e: Expr, scope: FlowScope): { readonly value: Expr; readonly label: Ink } | null {
  const constant = (x: Expr): boolean => isConstant(x, scope);
  if (e.kind === "binary" && e.op === "@") {
    if (constant(e.left)) return { value: e.right, label: inkOf(e.left) };
    return constant(e.right) ? { value: e.left, label: inkOf(e.right) } : null;
  }
  if (e.kind === "binary" && e.op === "*") {
    const factors = chain(e, "*");
    const [value, second] = factors.filter((f) => !constant(f));
    if (value === undefined || second !== undefined) return null;
    return { value, label: factorsInk(factors.filter(constant), scope) };
  }
  if (e.kind === "binary" && e.op === "/" && constant(e.right))
    return { value: e.left, label: [...upright("1/"), ...inkOf(e.right)] };
  if (e.kind !== "call") return null;
  const [v, from, size] = e.args.map((a) => (a.kind === "positional" ? a.value : null));
  if (e.callee.text === "part" && v && from && size) {
    const [start, end] = sliceOf(from, size);
    return {
      value: v,
      label: [...upright("["), ...inkOf(start), ...upright(":"), ...inkOf(end), ...upright("]")],
    };
  }
  if (e.callee.text === "dot" && v && from && constant(v) !== constant(from)) {
    const [weight, value] = constant(v) ? [v, from] : [from, v];
    return { value, label: [...inkOf(weight), raised("⊤")] };
  }
  if (e.callee.text === "transpose" && v) return { value: v, label: [raised("⊤")] };
  return null;
}

/** Scalars scale; other factors are multiplied elementwise, and say so. */
function factorsInk(factors: readonly Expr[], scope: FlowScope): Ink {
  return factors.flatMap((f) =>
    isScalar(f, scope.scalars) ? inkOf(f) : [...upright("⊙ "), ...inkOf(f)],
  );
}

// ---- operations

interface Term {
  readonly value: Expr;
  readonly negative: boolean;
}

function fillSum(to: NodeId, e: Expr, scope: FlowScope): void {
  const terms = termsOf(e, false);
  const values = terms.filter((t) => !isConstant(t.value, scope));
  const constants = terms.filter((t) => isConstant(t.value, scope));
  const [only, second] = values;
  if (only !== undefined && second === undefined) {
    // Alone it shows what is added to it, or what it is taken from.
    const rest = inkOfTerms(constants);
    const sign = only.negative
      ? [...rest, ...upright(rest.length > 0 ? " −" : "−")]
      : rest.length > 0
        ? [...upright("+ "), ...rest]
        : [];
    if (sign.length > 0) scope.draft.sign(to, sign);
    connect(to, only.value, null, scope);
    return;
  }
  const shown = constants.filter((t) => !hasParam(t.value, scope));
  scope.draft.sign(to, [...upright(shown.length > 0 ? "+ " : "+"), ...inkOfTerms(shown)]);
  for (const t of values) connect(to, t.value, t.negative ? upright("−") : null, scope);
}

function inkOfTerms(terms: readonly Term[]): Ink {
  return terms.flatMap((t, i) => [
    ...(t.negative ? upright("−") : i === 0 ? [] : upright(" + ")),
    ...inkOf(t.value),
  ]);
}

function hasParam(e: Expr, scope: FlowScope): boolean {
  switch (e.kind) {
    case "ref":
      return scope.isParam(e.name);
    case "unary":
      return hasParam(e.operand, scope);
    case "binary":
      return hasParam(e.left, scope) || hasParam(e.right, scope);
    case "call":
      return e.args.some((a) => a.kind !== "target" && hasParam(a.value, scope));
    default:
      return false;
  }
}

function termsOf(e: Expr, negative: boolean): readonly Term[] {
  if (e.kind === "unary") return termsOf(e.operand, !negative);
  if (e.kind === "binary" && (e.op === "+" || e.op === "-"))
    return [...termsOf(e.left, negative), ...termsOf(e.right, negative !== (e.op === "-"))];
  return [{ value: e, negative }];
}

function chain(e: Expr, op: string): readonly Expr[] {
  return e.kind === "binary" && e.op === op ? [...chain(e.left, op), ...chain(e.right, op)] : [e];
}

function fillBinary(to: NodeId, e: Extract<Expr, { kind: "binary" }>, scope: FlowScope): void {
  const { draft } = scope;
  switch (e.op) {
    case "+":
    case "-":
      fillSum(to, e, scope);
      return;
    case "*": {
      const factors = chain(e, "*");
      const values = factors.filter((f) => !isConstant(f, scope));
      const scales = factors.filter((f) => isConstant(f, scope)).flatMap(inkOf);
      const scalar = values.some((v) => isScalar(v, scope.scalars));
      draft.sign(to, [...scales, ...upright(scalar ? "·" : "⊙")]);
      for (const v of values) connect(to, v, null, scope);
      return;
    }
    case "/":
      draft.sign(to, upright("÷"));
      connect(to, e.left, null, scope);
      connect(to, e.right, upright("÷"), scope);
      return;
    case "^":
      draft.sign(
        to,
        isConstant(e.right, scope) ? [...upright("·"), raised(written(e.right))] : upright("^"),
      );
      connect(to, e.left, null, scope);
      connect(to, e.right, upright("^"), scope);
      return;
    case "@":
      draft.sign(to, upright("×"));
      connect(to, e.left, null, scope);
      connect(to, e.right, null, scope);
      return;
    default:
      draft.sign(to, upright(e.op));
      connect(to, e.left, null, scope);
      connect(to, e.right, upright(e.op), scope);
  }
}

/** A function of a sum takes its terms: σ of W x + U h has two edges and no node for the sum. */
function fillCall(to: NodeId, e: Extract<Expr, { kind: "call" }>, scope: FlowScope): void {
  const name = functionLabel(e.callee.text);
  const values = e.args.flatMap((a) =>
    a.kind === "target" || isConstant(a.value, scope) ? [] : [a.value],
  );
  const [only] = values;
  const terms = only === undefined ? [] : termsOf(only, false);
  if (values.length === 1 && (terms.length > 1 || terms[0]!.negative)) {
    const constants = terms.filter((t) => isConstant(t.value, scope));
    const rest = inkOfTerms(constants.filter((t) => !hasParam(t.value, scope)));
    scope.draft.sign(
      to,
      rest.length === 0
        ? upright(name)
        : [...upright(`${name}(· `), ...plus(rest), ...upright(")")],
    );
    for (const t of terms) connect(to, t.value, t.negative ? upright("−") : null, scope);
    return;
  }
  scope.draft.sign(to, upright(name));
  const words = e.callee.text === "where" ? ["if", "then", "else"] : [];
  for (const [i, a] of e.args.entries()) {
    const word = words[i] === undefined ? null : upright(words[i]);
    const named = a.kind === "named" ? upright(a.name.text) : word;
    if (a.kind !== "target") connect(to, a.value, named, scope);
  }
}

const plus = (rest: Ink): Ink =>
  rest[0]?.text === "−" ? [...upright("− "), ...rest.slice(1)] : [...upright("+ "), ...rest];
