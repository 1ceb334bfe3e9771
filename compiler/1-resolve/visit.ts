/** @file Walking syntax. In: an expression or item. Out: what stands in it, or a copy with dims
 *  replaced. Never resolves a name. */
import type {
  Arg,
  CellMember,
  DimExpr,
  Expr,
  Item,
  ModelDecl,
  ShapeExpr,
  StateInit,
} from "../../grammar/ast.ts";

/** Every expression in `e`, itself first, left to right. */
export function expressions(e: Expr): readonly Expr[] {
  const found: Expr[] = [];
  const visit = (one: Expr): void => {
    found.push(one);
    children(one).forEach(visit);
  };
  visit(e);
  return found;
}

/** The expressions that stand directly in `e`. */
export function children(e: Expr): readonly Expr[] {
  switch (e.kind) {
    case "number":
    case "ref":
    case "apply-dims":
      return [];
    case "unary":
      return [e.operand];
    case "binary":
    case "pipe":
      return [e.left, e.right];
    case "call":
      return argValues(e.args);
    case "member":
      return [e.object];
    case "record":
      return e.fields.map((f) => f.value);
  }
}

/** The expressions that stand directly in a declaration. */
export function expressionsOf(item: Item): readonly Expr[] {
  switch (item.kind) {
    case "fn":
      return [item.body];
    case "train":
      return item.settings.flatMap((s) => (s.value === null ? [] : [s.value]));
    case "cell":
    case "model":
      return item.members.flatMap(memberExpressions);
  }
}

function memberExpressions(m: CellMember | ModelDecl["members"][number]): readonly Expr[] {
  switch (m.kind) {
    case "input":
    case "memory":
      return [];
    case "state":
      return initExpressions(m.init);
    case "param":
      return argValues(m.initialiser.args);
    case "const":
    case "equation":
      return [m.value];
    case "output":
      return m.value === null ? [] : [m.value];
  }
}

/** Expressions in an initial value. */
export function initExpressions(init: StateInit | null): readonly Expr[] {
  if (init === null) return [];
  return init.kind === "value" ? [init.expr] : argValues(init.initialiser.args);
}

/** Values of a call's arguments, by position and by name. */
export const argValues = (args: readonly Arg[]): readonly Expr[] =>
  args.flatMap((a) => (a.kind === "target" ? [] : [a.value]));

/** Names of dims in `d`. */
export function dimNames(d: DimExpr): readonly string[] {
  switch (d.kind) {
    case "dim-number":
      return [];
    case "dim-name":
      return [d.name];
    case "dim-binary":
      return [...dimNames(d.left), ...dimNames(d.right)];
  }
}

export type DimMap = ReadonlyMap<string, DimExpr>;

/** `d` with every name in `map` replaced. */
export function replaceInDim(d: DimExpr, map: DimMap): DimExpr {
  switch (d.kind) {
    case "dim-number":
      return d;
    case "dim-name":
      return map.get(d.name) ?? d;
    case "dim-binary":
      return { ...d, left: replaceInDim(d.left, map), right: replaceInDim(d.right, map) };
  }
}

export const replaceInShape = (s: ShapeExpr, map: DimMap): ShapeExpr => ({
  ...s,
  dims: s.dims.map((d) => replaceInDim(d, map)),
});

/** A copy of `e` in which `f` has seen every expression, inner ones first. */
export function mapExpr(e: Expr, f: (e: Expr) => Expr): Expr {
  const again = (x: Expr) => mapExpr(x, f);
  switch (e.kind) {
    case "number":
    case "ref":
    case "apply-dims":
      return f(e);
    case "unary":
      return f({ ...e, operand: again(e.operand) });
    case "binary":
    case "pipe":
      return f({ ...e, left: again(e.left), right: again(e.right) });
    case "call":
      return f({ ...e, args: mapArgs(e.args, again) });
    case "member":
      return f({ ...e, object: again(e.object) });
    case "record":
      return f({ ...e, fields: e.fields.map((x) => ({ ...x, value: again(x.value) })) });
  }
}

/** `e` with every dim in `map` replaced, in `<…>` and where it stands as a number. */
export const replaceInExpr = (e: Expr, map: DimMap): Expr =>
  mapExpr(e, (x) => {
    if (x.kind === "ref") {
      const dim = x.lag === null ? map.get(x.name) : undefined;
      return dim === undefined ? x : asExpr(dim);
    }
    if (x.kind === "apply-dims") return { ...x, dims: x.dims.map((d) => replaceInDim(d, map)) };
    if (x.kind !== "call" || x.dims === null) return x;
    return { ...x, dims: x.dims.map((d) => replaceInDim(d, map)) };
  });

export const replaceInArgs = (args: readonly Arg[], map: DimMap): readonly Arg[] =>
  mapArgs(args, (e) => replaceInExpr(e, map));

const mapArgs = (args: readonly Arg[], f: (e: Expr) => Expr): readonly Arg[] =>
  args.map((a) => (a.kind === "target" ? a : { ...a, value: f(a.value) }));

/** A dim as the number it is in an expression. */
function asExpr(d: DimExpr): Expr {
  switch (d.kind) {
    case "dim-number":
      return { kind: "number", value: d.value, text: String(d.value), span: d.span };
    case "dim-name":
      return { kind: "ref", name: d.name, lag: null, span: d.span };
    case "dim-binary": {
      const { op, span } = d;
      const [left, right] = [asExpr(d.left), asExpr(d.right)];
      return { kind: "binary", op, left, right, opSpan: span, span };
    }
  }
}
