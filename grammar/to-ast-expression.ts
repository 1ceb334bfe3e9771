/** @file Concrete expressions to the tree. In: whole nodes. Out: `Expr`, `Initialiser`, lags.
 *  What reads well but is not allowed is reported, and a stand-in returned. Never throws. */
import type { IToken } from "chevrotain";
import type { Arg, BinaryOp, Expr, Initialiser } from "./ast.ts";
import type * as C from "./cst.ts";
import { type Context, inTextOrder, nameOf, only, spanOf } from "./cst-tools.ts";
import { error } from "./diagnostic.ts";
import { numberValue, tokenSpan } from "./lex.ts";
import { cover, type Span } from "./span.ts";
import { reportDepth, toDim, toDims, toShape } from "./to-ast-dim.ts";

/** A whole expression of a statement. */
export function toExpr(node: C.ExprCstNode, ctx: Context): Expr {
  const built = expr(node, ctx);
  reportDepth(built, ctx);
  return built;
}

/** `zeros`, `const(0.5)`. */
export function toInitialiser(node: C.InitialiserCstNode, ctx: Context): Initialiser {
  const { Identifier, Const, args: given } = node.children;
  return {
    name: nameOf(only(Identifier ?? Const), ctx),
    args: given === undefined ? [] : args(only(given), ctx),
    span: spanOf(node, ctx),
  };
}

/** What `[…]` after a name says: steps back (0 for `[t]`), or null after reporting what it cannot be. */
export function toLag(node: C.IndexCstNode, ctx: Context): number | null {
  const at = toExpr(only(node.children.expr), ctx);
  const isT = (e: Expr): boolean => e.kind === "ref" && e.name === "t" && e.lag === null;
  if (isT(at)) return 0;
  const span = spanOf(node, ctx);
  const offset = at.kind === "binary" && isT(at.left) ? at : null;
  if (offset?.op === "-" && offset.right.kind === "number") {
    const { text, value } = offset.right;
    if (/^\d+$/.test(text) && value >= 1) return value;
  }
  if (offset?.op === "+") {
    ctx.report(
      error("E107", span, "a step cannot read a later one", {
        label: "wanted `[t]`, or `[t-1]` and further back",
        help: "for what comes after, run the cell `backward` in a model",
      }),
    );
  } else {
    ctx.report(
      error("E107", span, "a lag is a constant number of steps back", {
        label: "wanted `[t]`, or `[t-1]`, `[t-2]`, …",
        help: offset === null ? "a part of a vector is `part(v, from, size)`" : null,
      }),
    );
  }
  return null;
}

// ---- expressions, loose to tight

function expr({ children }: C.ExprCstNode, ctx: Context): Expr {
  const stages = children.comparison.map((stage) => comparison(stage, ctx));
  return stages.reduce((left, right) => {
    if (!isLayer(right)) ctx.report(notALayer(right));
    return { kind: "pipe", left, right, span: cover(left.span, right.span) };
  });
}

function isLayer(e: Expr): boolean {
  return e.kind === "call" || e.kind === "apply-dims" || (e.kind === "ref" && e.lag === null);
}

function notALayer(right: Expr) {
  const tail = right.kind === "binary" || right.kind === "member";
  return error("E114", right.span, "a pipe feeds a layer or a function", {
    label: "wanted a name or a call, as in `dense(K)`",
    help: tail ? "`|` binds loosest: put the pipe in parentheses, `(x | f(…))`, to go on" : null,
  });
}

function comparison({ children: c }: C.ComparisonCstNode, ctx: Context): Expr {
  const operators = inTextOrder(
    ...[c.Less, c.LessEqual, c.Greater, c.GreaterEqual, c.EqualEqual, c.NotEqual],
  );
  const [, second] = operators;
  if (second !== undefined)
    ctx.report(
      error("E113", tokenSpan(second, ctx.file), "comparisons do not chain", {
        label: "a second comparison",
        help: "for both, multiply them: `(a < b) * (b < c)`",
      }),
    );
  return fold(
    c.sum.map((operand) => sum(operand, ctx)),
    operators,
    ctx,
  );
}

function sum({ children }: C.SumCstNode, ctx: Context): Expr {
  const operands = children.product.map((operand) => product(operand, ctx));
  return fold(operands, inTextOrder(children.Plus, children.Minus), ctx);
}

function product({ children }: C.ProductCstNode, ctx: Context): Expr {
  const operands = children.signed.map(({ children: { Minus, power: inner } }) =>
    negate(Minus, power(only(inner), ctx), ctx),
  );
  return fold(operands, inTextOrder(children.Star, children.Slash, children.At), ctx);
}

function fold(operands: readonly Expr[], operators: readonly IToken[], ctx: Context): Expr {
  return operands.reduce((left, right, i) => binary(operators[i - 1]!, left, right, ctx));
}

function binary(operator: IToken, left: Expr, right: Expr, { file }: Context): Expr {
  const op = OPS.find((known) => known === operator.image) ?? "*";
  const opSpan = tokenSpan(operator, file);
  return { kind: "binary", op, left, right, opSpan, span: cover(left.span, right.span) };
}

/** All but `*`, which has other spellings. */
const OPS: readonly BinaryOp[] = ["+", "-", "/", "^", "@", "<", "<=", ">", ">=", "==", "!="];

function negate(minuses: readonly IToken[] | undefined, operand: Expr, { file }: Context): Expr {
  return (minuses ?? []).toReversed().reduce<Expr>(
    (inner, minus) => ({
      kind: "unary",
      op: "-",
      operand: inner,
      span: cover(tokenSpan(minus, file), inner.span),
    }),
    operand,
  );
}

/** `a ^ -b ^ c` is a ^ (-(b ^ c)). */
function power({ children }: C.PowerCstNode, ctx: Context): Expr {
  const base = postfix(only(children.postfix), ctx);
  const exponents = (children.exponent ?? []).map(({ children: e }) => ({
    caret: only(e.Caret),
    minuses: e.Minus,
    operand: postfix(only(e.postfix), ctx),
  }));
  const last = exponents.at(-1);
  if (last === undefined) return base;
  let right = negate(last.minuses, last.operand, ctx);
  for (let i = exponents.length - 1; i > 0; i--) {
    const { minuses, operand } = exponents[i - 1]!;
    right = negate(minuses, binary(exponents[i]!.caret, operand, right, ctx), ctx);
  }
  return binary(exponents[0]!.caret, base, right, ctx);
}

function postfix({ children }: C.PostfixCstNode, ctx: Context): Expr {
  return (children.suffix ?? []).reduce<Expr>(
    (object, suffix) => {
      const span = cover(object.span, spanOf(suffix, ctx));
      const { index, Word } = suffix.children;
      if (index === undefined)
        return { kind: "member", object, name: nameOf(only(Word), ctx), span };
      if (object.kind === "ref" && object.lag === null)
        return { kind: "ref", name: object.name, lag: toLag(only(index), ctx), span };
      ctx.report(notIndexable(object, spanOf(suffix, ctx)));
      return object;
    },
    primary(only(children.primary), ctx),
  );
}

function notIndexable(object: Expr, span: Span) {
  const indexed = object.kind === "ref";
  return error("E108", span, indexed ? "a value is not indexed" : "only a name takes a lag", {
    label: indexed ? "a second index" : "this does not follow a name",
    help: indexed
      ? "a part of a vector is `part(v, from, size)`"
      : "name the value with `let`, or move the lag to the states inside",
  });
}

function primary(node: C.PrimaryCstNode, ctx: Context): Expr {
  const { NumberLiteral, named: name, group, record: braces } = node.children;
  const span = spanOf(node, ctx);
  if (NumberLiteral !== undefined) {
    const { image: text } = only(NumberLiteral);
    return { kind: "number", value: numberValue(text) ?? 0, text, span };
  }
  if (name !== undefined) return named(only(name), ctx);
  if (group !== undefined) return { ...expr(only(only(group).children.expr), ctx), span };
  return record(only(braces), ctx);
}

function named(node: C.NamedCstNode, ctx: Context): Expr {
  const { Identifier, dimArgs, args: given } = node.children;
  const callee = nameOf(only(Identifier), ctx);
  const dims = dimArgs === undefined ? null : toDims(only(dimArgs), ctx);
  const span = spanOf(node, ctx);
  if (given !== undefined)
    return { kind: "call", callee, dims, args: args(only(given), ctx), span };
  if (dims !== null) return { kind: "apply-dims", callee, dims, span };
  return { kind: "ref", name: callee.text, lag: null, span };
}

function args({ children }: C.ArgsCstNode, ctx: Context): readonly Arg[] {
  return (children.arg ?? []).map((node) => arg(node, ctx));
}

function arg(node: C.ArgCstNode, ctx: Context): Arg {
  const { Word, expr: value, shape, classes } = node.children;
  const span = spanOf(node, ctx);
  if (shape !== undefined) {
    if (!ctx.targets)
      ctx.report(
        error("E117", span, "a target is declared in a train block's loss", {
          label: "declares a target here",
          help: "a named argument is written `name = value`",
        }),
      );
    const of = classes === undefined ? null : toDim(only(only(classes).children.dim), ctx);
    return {
      kind: "target",
      name: nameOf(only(Word), ctx),
      shape: toShape(only(shape), ctx),
      of,
      span,
    };
  }
  const built = expr(only(value), ctx);
  if (Word === undefined) return { kind: "positional", value: built, span };
  return { kind: "named", name: nameOf(only(Word), ctx), value: built, span };
}

function record(node: C.RecordCstNode, ctx: Context): Expr {
  const fields = (node.children.field ?? []).map(({ children }) => ({
    name: nameOf(only(children.Word), ctx),
    value: expr(only(children.expr), ctx),
  }));
  return { kind: "record", fields, span: spanOf(node, ctx) };
}
