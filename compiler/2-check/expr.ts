/** @file The type of an expression. In: an expression and what names mean where it stands. Out: its
 *  type, or null where a mistake was reported. Never reports a mistake and its consequences. */
import type { Expr, FnDecl, Name } from "../../grammar/ast.ts";
import { type Diagnostic, error } from "../../grammar/diagnostic.ts";
import { notImported } from "../1-resolve/load.ts";
import { didYouMean } from "../1-resolve/report.ts";
import { applyCallable, applyFn, applyRule, splitArguments } from "./calls.ts";
import { constantOf, type Dim, hasLength } from "./dims.ts";
import { fnScope } from "./fn-scope.ts";
import { type Signature, signatureOf } from "./fns.ts";
import { callable, callableNames, elementwise, product } from "./functions.ts";
import { isLayer, LAYERS } from "./layers.ts";
import type { CallExpr, FlowExpr, Given, Scope } from "./scope.ts";
import { SCALAR, type Type } from "./types.ts";
import { type Bindings, unify } from "./unify.ts";

export function typeOf(e: Expr, scope: Scope): Type | null {
  switch (e.kind) {
    case "number":
      return SCALAR;
    case "ref":
      return scope.name(e);
    case "unary":
      return typeOfAll([e.operand], scope, (given) => applyRule(elementwise, given, {}, scope));
    case "binary": {
      const rule = e.op === "@" ? product : elementwise;
      return typeOfAll([e.left, e.right], scope, (given) => applyRule(rule, given, {}, scope));
    }
    case "call":
      return typeOfCall(e, null, scope);
    case "apply-dims":
      misplaced(e, `\`${e.callee.text}<…>\` is a cell, not a value`, scope);
      return null;
    case "pipe":
    case "member":
    case "record":
      if (scope.flow !== null) return scope.flow(e);
      misplaced(e, FLOW_WORDS[e.kind], scope);
      return null;
  }
}

/** As `typeOf`, with a value piped in as the first argument. */
export function typeOfCall(e: CallExpr, piped: Given | null, scope: Scope): Type | null {
  const { callee } = e;
  const name = callee.text;
  const f = callable(name);
  const decl = f === undefined ? scope.library.visible(callee.span.file, name) : undefined;
  if (e.dims !== null && (f !== undefined || decl?.kind === "fn")) {
    misplaced(e, `\`${name}\` takes no \`<…>\`: its dims are those of its arguments`, scope);
    return null;
  }
  const before = piped === null ? [] : [piped];
  if (f !== undefined) {
    const split = splitArguments(callee, f, e.args, piped !== null, e.span, scope);
    if (split === null) return typeArguments(e, scope);
    return typeOfAll(split.values, scope, (given) =>
      applyCallable(callee, f, [...before, ...given], split.settings, scope),
    );
  }
  if (decl?.kind === "fn") {
    const usage = `${name}(${decl.params.map((p) => p.name.text).join(", ")})`;
    const shape = { usage, arity: decl.params.length, settings: [] };
    const split = splitArguments(callee, shape, e.args, piped !== null, e.span, scope);
    const signature = signatureOf(decl);
    if (split === null || signature === null) return typeArguments(e, scope);
    return typeOfAll(split.values, scope, (given) => {
      const values = [...before, ...given];
      const type = applyFn(callee, signature, values, e.span, scope);
      return type !== null && worksHere(e, decl, signature, values, scope) ? type : null;
    });
  }
  notAFunction(callee, decl?.kind ?? null, scope);
  return isLayer(name) ? null : typeArguments(e, scope);
}

/** Fns nested deeper than this are not looked into again: each may call the next twice. */
const DEEPEST = 8;

/**
 * A fn is checked with its dims as symbols. Where sizes are known, or are lengths of sequences, its
 * body is checked once more with those: parts may not be there, and parts of lengths never are.
 */
function worksHere(
  e: CallExpr,
  fn: FnDecl,
  signature: Signature,
  given: readonly Given[],
  scope: Scope,
): boolean {
  const isSpecial = (d: Dim) => hasLength(d) || constantOf(d) !== null;
  const special = given.some((g) => g.type.shape.some(isSpecial));
  if (!special || scope.inside.includes(fn.name.text) || scope.inside.length > DEEPEST) return true;
  const dims: Bindings = new Map();
  const types = new Map<string, Type>();
  for (const [i, p] of signature.params.entries()) {
    unify(p.shape, given[i]!.type.shape, signature.own, dims);
    types.set(p.name, given[i]!.type);
  }
  const found: Diagnostic[] = [];
  const report = (d: Diagnostic) => found.push(d);
  typeOf(fn.body, fnScope(fn, types, dims, scope.library, report, scope.inside));
  const [first] = found;
  if (first === undefined) return true;
  scope.report(
    error("E203", e.span, `\`${fn.name.text}\` does not work on these shapes`, {
      label: `in its body: ${first.label}`,
      related: [{ span: first.span, message: first.message }],
    }),
  );
  return false;
}

/** Types every expression, and goes on only where all are sound. */
function typeOfAll(
  values: readonly Expr[],
  scope: Scope,
  then: (given: readonly Given[]) => Type | null,
): Type | null {
  const given: Given[] = [];
  for (const expr of values) {
    const type = typeOf(expr, scope);
    if (type !== null) given.push({ type, expr });
  }
  return given.length === values.length ? then(given) : null;
}

/** For the mistakes in the arguments of a call that is itself a mistake. */
function typeArguments(e: CallExpr, scope: Scope): null {
  for (const arg of e.args) if (arg.kind === "positional") typeOf(arg.value, scope);
  return null;
}

/** Is it built in, or a fn here? */
export const isKnown = (callee: Name, scope: Scope): boolean =>
  callable(callee.text) !== undefined ||
  scope.library.visible(callee.span.file, callee.text)?.kind === "fn";

export function notAFunction(callee: Name, kind: "cell" | "model" | null, scope: Scope): void {
  const name = callee.text;
  if (kind !== null || isLayer(name)) {
    const label = kind === null ? "is a layer" : `is a ${kind}`;
    const help =
      scope.flow === null
        ? "layers and cells are put together in a model"
        : kind === null
          ? `feed it: \`x | ${name}(…)\``
          : `run it over a sequence: \`x | forward(${name}<…>)\``;
    const message = `\`${name}\` cannot be called here`;
    scope.report(error("E231", callee.span, message, { label, help }));
    return;
  }
  if (scope.library.isLost(callee.span.file, name)) return;
  const elsewhere = notImported(callee, ["fn", "cell", "model"], scope.library);
  if (elsewhere !== null) {
    scope.report(elsewhere);
    return;
  }
  const layers = scope.flow === null ? [] : Object.keys(LAYERS);
  const known = [...callableNames(), ...layers, ...scope.library.names(callee.span.file)];
  const ref = { kind: "ref", name, lag: null, span: callee.span } as const;
  const isValue = scope.alternatives(ref).some((other) => other.name === name);
  const what = scope.flow === null ? "function" : "function or layer";
  scope.report(
    error("E219", callee.span, `no ${what} \`${name}\``, {
      label: isValue
        ? "is a value, and takes nothing"
        : "is neither built in, nor declared or imported in this file",
      help: didYouMean(name, known),
    }),
  );
}

const FLOW_WORDS: Readonly<Record<FlowExpr["kind"], string>> = {
  pipe: "`|` feeds layers, and layers belong in a model",
  member: "only what a layer gives, in a model, has parts",
  record: "`{ … }` gives initial states to a layer, and stands nowhere else",
};

export function misplaced(e: Expr, label: string, scope: Scope): void {
  scope.report(error("E231", e.span, `not allowed in ${scope.where}`, { label }));
}
