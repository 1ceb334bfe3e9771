/** @file How deep a tree is. In: an expression or dim of any depth. Out: whether recursion over it is
 *  safe. Never recurses itself. */
import type { Arg, DimExpr, Expr, ShapeExpr } from "./ast.ts";

/** `a + b + …` of as many terms is as deep; nobody writes it, and no stack need bear more. */
export const MAX_DEPTH = 256;

export function tooDeep(root: Expr | DimExpr): boolean {
  let level: readonly (Expr | DimExpr)[] = [root];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth >= MAX_DEPTH) return true;
    level = level.flatMap(children);
  }
  return false;
}

function children(node: Expr | DimExpr): readonly (Expr | DimExpr)[] {
  switch (node.kind) {
    case "number":
    case "ref":
    case "dim-number":
    case "dim-name":
      return [];
    case "unary":
      return [node.operand];
    case "binary":
    case "dim-binary":
    case "pipe":
      return [node.left, node.right];
    case "call":
      return [...(node.dims ?? []), ...node.args.flatMap(ofArg)];
    case "apply-dims":
      return node.dims;
    case "member":
      return [node.object];
    case "record":
      return node.fields.map((f) => f.value);
    default:
      return node satisfies never;
  }
}

function ofArg(arg: Arg): readonly (Expr | DimExpr)[] {
  if (arg.kind !== "target") return [arg.value];
  return arg.of === null ? ofShape(arg.shape) : [...ofShape(arg.shape), arg.of];
}

function ofShape(shape: ShapeExpr): readonly DimExpr[] {
  return shape.dims;
}
