/** @file Concrete dims to the tree. In: whole nodes. Out: `DimExpr`, `ShapeExpr`. What reads well but
 *  is not allowed is reported, and a stand-in returned. Never throws. */
import type { IToken } from "chevrotain";
import type { DimExpr, Expr, ShapeExpr } from "./ast.ts";
import type * as C from "./cst.ts";
import { type Context, inTextOrder, only, spanOf, spelling } from "./cst-tools.ts";
import { MAX_DEPTH, tooDeep } from "./depth.ts";
import { error } from "./diagnostic.ts";
import { numberValue } from "./lex.ts";
import { cover } from "./span.ts";

export function toDim(node: C.DimCstNode, ctx: Context): DimExpr {
  const built = dim(node, ctx);
  reportDepth(built, ctx);
  return built;
}

export function toShape(node: C.ShapeCstNode, ctx: Context): ShapeExpr {
  return { dims: (node.children.dim ?? []).map((d) => toDim(d, ctx)), span: spanOf(node, ctx) };
}

export function toDims(node: C.DimArgsCstNode, ctx: Context): readonly DimExpr[] {
  return node.children.dim.map((d) => toDim(d, ctx));
}

/** Refuses what no recursion should meet. */
export function reportDepth(built: Expr | DimExpr, ctx: Context): void {
  if (tooDeep(built))
    ctx.report(
      error("E116", built.span, `this nests more than ${MAX_DEPTH} operations deep`, {
        label: "too long a chain",
        help: "name parts of it with `let`",
      }),
    );
}

function dim({ children }: C.DimCstNode, ctx: Context): DimExpr {
  return foldDims(
    children.dimTerm.map((term) => dimTerm(term, ctx)),
    inTextOrder(children.Plus, children.Minus),
  );
}

function dimTerm({ children }: C.DimTermCstNode, ctx: Context): DimExpr {
  return foldDims(
    children.dimAtom.map((atom) => dimAtom(atom, ctx)),
    inTextOrder(children.Star, children.Slash),
  );
}

function foldDims(operands: readonly DimExpr[], operators: readonly IToken[]): DimExpr {
  return operands.reduce((left, right, i) => ({
    kind: "dim-binary",
    op: DIM_OPS[operators[i - 1]!.image] ?? "*",
    left,
    right,
    span: cover(left.span, right.span),
  }));
}

const DIM_OPS: Readonly<Record<string, "+" | "-" | "/">> = { "+": "+", "-": "-", "/": "/" };

function dimAtom(node: C.DimAtomCstNode, ctx: Context): DimExpr {
  const { NumberLiteral, Identifier, dim: inner } = node.children;
  const span = spanOf(node, ctx);
  if (inner !== undefined) return { ...dim(only(inner), ctx), span };
  if (Identifier !== undefined) return { kind: "dim-name", name: spelling(only(Identifier)), span };
  const { image } = only(NumberLiteral);
  const value = numberValue(image);
  if (value !== null && !Number.isSafeInteger(value))
    ctx.report(
      error("E118", span, `\`${image}\` is not a whole number`, {
        label: "wanted how many, as in `64`",
      }),
    );
  return { kind: "dim-number", value: value ?? 0, span };
}
