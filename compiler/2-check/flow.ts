/** @file What flows through a model's pipes. In: a layer's call and what is fed to it. Out: the type of
 *  what comes out, or null where a mistake was reported. Cells are in `recurrent.ts`. */
import type { Expr, Name } from "../../grammar/ast.ts";
import { error } from "../../grammar/diagnostic.ts";
import { didYouMean } from "../1-resolve/report.ts";
import { asDim, checkSettings, splitArguments } from "./calls.ts";
import { type CellTypes, cellUse } from "./cell-use.ts";
import { constantOf, type Dim, hasLength, mayBeSize, showDim } from "./dims.ts";
import { isKnown, misplaced, notAFunction, typeOf, typeOfCall } from "./expr.ts";
import { callable } from "./functions.ts";
import { isLayer, LAYERS, type Layer, type LayerName } from "./layers.ts";
import { runCell } from "./recurrent.ts";
import type { CallExpr, FlowExpr, Given, Scope } from "./scope.ts";
import { isType, type Parts, real, sameType, showType, type Type } from "./types.ts";

/** Types `a | f(…)`, `a.b`, and refuses a record outside a layer's arguments. */
export function flowOf(e: FlowExpr, scope: Scope, cells: CellTypes): Type | null {
  switch (e.kind) {
    case "pipe": {
      const type = typeOf(e.left, scope);
      if (type !== null) return feed(e.right, { type, expr: e.left }, scope, cells);
      glance(e.right, scope, cells);
      return null;
    }
    case "member": {
      const part = partOf(e, scope);
      if (part === null || isType(part)) return part;
      misplaced(e, `is a group: take one of ${[...part.keys()].join(", ")}`, scope);
      return null;
    }
    case "record":
      misplaced(e, "initial states stand in `init = { … }` of a layer", scope);
      return null;
  }
}

/** `x | right`. */
function feed(right: Expr, x: Given, scope: Scope, cells: CellTypes): Type | null {
  if (right.kind === "ref" && right.lag === null) {
    const callee = { text: right.name, span: right.span };
    return feedCall(
      { kind: "call", callee, dims: null, args: [], span: right.span },
      x,
      scope,
      cells,
    );
  }
  if (right.kind === "call") return feedCall(right, x, scope, cells);
  const cell = right.kind === "apply-dims" ? right.callee.text : null;
  misplaced(
    right,
    cell === null ? "is no layer" : `is a cell: write \`forward(${cell}<…>)\``,
    scope,
  );
  return null;
}

/** Looks at a layer that is fed what is not known: are there such a layer and cell? */
function glance(right: Expr, scope: Scope, cells: CellTypes): void {
  const callee = right.kind === "call" ? right.callee : { text: "", span: right.span };
  const name = right.kind === "ref" ? { ...callee, text: right.name } : callee;
  if (right.kind !== "ref" && right.kind !== "call") return;
  if (!isLayer(name.text)) {
    if (!isKnown(name, scope)) notAFunction(name, null, scope);
    return;
  }
  const layer: Layer = LAYERS[name.text];
  if (right.kind !== "call") return;
  if (layer.takes[0] === "cell") cellUse(name.text, right, scope, cells);
  const inner = right.args[layer.takes.indexOf("layer")];
  if (inner?.kind === "positional") glance(inner.value, scope, cells);
}

function feedCall(e: CallExpr, x: Given, scope: Scope, cells: CellTypes): Type | null {
  const name = e.callee.text;
  // `mean` and `max` are over time for a sequence, else over the last axis.
  const function_ = callable(name) !== undefined && x.type.seq === null && name !== "dropout";
  if (!isLayer(name) || function_) return typeOfCall(e, x, scope);
  if (e.dims !== null) {
    misplaced(e, `\`${name}\` takes its sizes in parentheses: \`${LAYERS[name].usage}\``, scope);
    return null;
  }
  if (!isFed(LAYERS[name], e.callee, x, scope)) return null;
  return layerType(name, e, x, scope, cells);
}

function layerType(
  name: LayerName,
  e: CallExpr,
  x: Given,
  scope: Scope,
  cells: CellTypes,
): Type | null {
  const { seq, shape } = x.type;
  if (name === "forward" || name === "backward" || name === "bidirectional") {
    return runCell(name, e, x, scope, cells);
  }
  const layer: Layer = LAYERS[name];
  const f = { usage: layer.usage, arity: layer.takes.length, settings: layer.words };
  const split = splitArguments(e.callee, f, e.args, false, e.span, scope);
  if (split === null || checkSettings(e.callee, layer.words, split.settings, scope) === null) {
    return null;
  }
  const [first, second] = split.values;
  switch (name) {
    case "last":
    case "first":
    case "mean":
    case "max":
      return real(shape);
    case "reverse":
    case "shift":
      return real(shape, seq);
    case "attend":
      return width(first!, scope) !== null && isVector(e.callee, x, scope) ? real(shape) : null;
    case "dense": {
      const size = width(first!, scope);
      return isVector(e.callee, x, scope) && size !== null ? real([size], seq) : null;
    }
    case "embedding": {
      const size = width(first!, scope);
      return size === null ? null : real([...shape, size], seq);
    }
    case "dropout": {
      const p = callable("dropout")!.settings.slice(0, 1);
      const checked = checkSettings(e.callee, p, new Map([["p", first!]]), scope);
      return checked === null ? null : x.type;
    }
    case "stack":
      return stack(first!, second!, x, scope, cells);
    case "residual": {
      const inner = feed(first!, x, scope, cells);
      if (inner === null) return null;
      if (sameType(inner, x.type)) return inner;
      scope.report(
        error("E227", first!.span, `\`${name}\` cannot add what it is given`, {
          label: `gives ${showType(inner)}, but its input is ${showType(x.type)}`,
          help: "give it the width of its input, or bring the input to its width first: `| dense(K)`",
        }),
      );
      return null;
    }
  }
}

/** More layers than this are a mistake. */
const DEEPEST = 100;

/** The layer n times, each fed what the one before gives. */
function stack(n: Expr, layer: Expr, x: Given, scope: Scope, cells: CellTypes): Type | null {
  const times = asDim(n, scope);
  if (times === null) return null;
  const known = constantOf(times);
  if (known === null || !Number.isSafeInteger(known) || known < 1 || known > DEEPEST) {
    const label = `must be a whole number from 1 to ${DEEPEST}`;
    scope.report(error("E226", n.span, "not a number of layers", { label }));
    return null;
  }
  let given = x;
  for (let i = 0; i < known; i++) {
    const type = feed(layer, given, scope, cells);
    if (type === null) return null;
    const settled = i > 0 && sameType(type, given.type);
    given = { type, expr: layer };
    if (settled) break;
  }
  return given.type;
}

/** A size in a layer's arguments: of at least 1. */
function width(e: Expr, scope: Scope): Dim | null {
  const dim = asDim(e, scope);
  if (dim === null || mayBeSize(dim)) return dim;
  const label = `is ${showDim(dim)}: a size is a whole number of at least 1`;
  scope.report(error("E226", e.span, `not a size in ${scope.where}`, { label }));
  return null;
}

/** Has x the steps, or the tokens, that the layer needs? */
function isFed(layer: Layer, callee: Name, x: Given, scope: Scope): boolean {
  const wrong = (code: "E227" | "E229", label: string, help: string): false => {
    const message = `\`${callee.text}\` cannot take what is fed to it`;
    scope.report(error(code, x.expr.span, message, { label, help }));
    return false;
  };
  const { type } = x;
  if (layer.fed === "tokens") {
    if (type.of !== null) return true;
    return wrong(
      "E229",
      `is ${showType(type)}: numbers, not tokens`,
      "declare the input `of V`, or use `dense(K)`",
    );
  }
  if (type.of !== null && !layer.takes.some((t) => t === "cell" || t === "layer")) {
    return wrong(
      "E229",
      `is ${showType(type)}: which token, not how much`,
      "give each token a vector first: `| embedding(E)`",
    );
  }
  if (layer.fed === "any" || type.seq !== null) return true;
  return wrong(
    "E227",
    `is ${showType(type)}: one value a sample, not a sequence`,
    "declare the input with its steps, `[T, D]`, or feed what still has them",
  );
}

function isVector(callee: Name, x: Given, scope: Scope): boolean {
  if (x.type.shape.length === 1 && !x.type.shape.some(hasLength)) return true;
  const scalar = x.type.shape.length === 0;
  scope.report(
    error("E227", x.expr.span, `\`${callee.text}\` cannot take what is fed to it`, {
      label: `is ${showType(x.type)}: a vector of known size${x.type.seq === null ? "" : " at each step"} is needed`,
      help: scalar && x.type.seq !== null ? `declare it \`[${x.type.seq}, 1]\`` : null,
    }),
  );
  return false;
}

/** `a.final.h`: what the name reaches. */
function partOf(e: Expr, scope: Scope): Type | Parts | null {
  if (e.kind !== "member") return typeOf(e, scope);
  const object = partOf(e.object, scope);
  if (object === null) return null;
  const parts = isType(object) ? object.parts : object;
  const found = parts?.get(e.name.text);
  if (found !== undefined) return found;
  const names = [...(parts?.keys() ?? [])];
  scope.report(
    error("E232", e.name.span, `no \`.${e.name.text}\` in ${scope.where}`, {
      label:
        names.length > 0
          ? `there is ${names.map((n) => `.${n}`).join(", ")}`
          : "only what a recurrent layer gives has parts",
      help:
        didYouMean(e.name.text, names) ??
        (names.length > 0 ? null : "name the layer's result with `let`, and ask that"),
    }),
  );
  return null;
}
