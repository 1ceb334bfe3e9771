/** @file Expressions, dims and shapes to documents. In: the tree, and the comments not yet printed.
 *  Out: documents for `layout.ts`, ASCII, with only the parentheses that the tree needs. */
import type { Arg, BinaryOp, DimExpr, Expr, Initialiser, ShapeExpr } from "./ast.ts";
import { type Doc, group, indent, join, layOut, line, softLine } from "./layout.ts";
import type { Comment } from "./lex.ts";

/** Gives every comment once, in order: those not yet given that stand before an offset. */
export type TakeComments = (before: number) => readonly Comment[];

/** Comments at a place where a line break follows: the first may end the line it ended before. */
export function commentsBefore(offset: number, take: TakeComments): readonly Doc[] {
  return take(offset).map((c, i) => ({ kind: "comment", text: c.text, own: c.ownLine || i > 0 }));
}

/** What follows `=`: on the same line where it opens with a name, else as a block of its own lines. */
export function printValue(e: Expr, take: TakeComments): Doc {
  const comments = commentsBefore(e.span.start, take);
  if (comments.length === 0 && !isChain(e)) return [" = ", atom(e, take)];
  return [" =", group(indent([comments, line, chain(e, take)]))];
}

export function printExpr(e: Expr, take: TakeComments): Doc {
  return isChain(e) ? group(chain(e, take)) : atom(e, take);
}

export function printShape({ dims }: ShapeExpr): string {
  return `[${dims.map((d) => printDim(d)).join(", ")}]`;
}

/** `<D, 2 * H>`, or nothing where there are none. */
export function printDims(dims: readonly DimExpr[]): string {
  return dims.length === 0 ? "" : `<${dims.map((d) => printDim(d)).join(", ")}>`;
}

export function printDim(d: DimExpr, least = 1): string {
  switch (d.kind) {
    case "dim-number":
      return String(d.value);
    case "dim-name":
      return d.name;
    case "dim-binary": {
      const level = d.op === "+" || d.op === "-" ? 1 : 2;
      const text = `${printDim(d.left, level)} ${d.op} ${printDim(d.right, level + 1)}`;
      return level < least ? `(${text})` : text;
    }
    default:
      return d satisfies never;
  }
}

export function printOf(of: DimExpr | null): string {
  return of === null ? "" : ` of ${printDim(of)}`;
}

export function printInitialiser({ name, args, span }: Initialiser, take: TakeComments): Doc {
  return args.length === 0 ? name.text : [name.text, printArgs(args, span.end, take)];
}

// ---- precedence

/** Loose to tight, as in `expression-parser.ts`. */
const LEVEL = {
  pipe: 1,
  comparison: 2,
  sum: 3,
  product: 4,
  unary: 5,
  power: 6,
  postfix: 7,
} as const;

const OPERATORS: Readonly<Record<BinaryOp, number>> = {
  ...{ "<": LEVEL.comparison, "<=": LEVEL.comparison, ">": LEVEL.comparison },
  ...{ ">=": LEVEL.comparison, "==": LEVEL.comparison, "!=": LEVEL.comparison },
  ...{ "+": LEVEL.sum, "-": LEVEL.sum },
  ...{ "*": LEVEL.product, "/": LEVEL.product, "@": LEVEL.product },
  "^": LEVEL.power,
};

function levelOf(e: Expr): number {
  switch (e.kind) {
    case "pipe":
    case "apply-dims": // only before a separator, a bracket or the end is its `<` no comparison
      return LEVEL.pipe;
    case "binary":
      return OPERATORS[e.op];
    case "unary":
      return LEVEL.unary;
    default:
      return LEVEL.postfix;
  }
}

/** `e` where `least` or tighter may stand bare. */
function operand(e: Expr, least: number, take: TakeComments): Doc {
  if (levelOf(e) < least) return parenthesised(e, take);
  return isChain(e) ? group(indent(chain(e, take))) : atom(e, take);
}

function parenthesised(e: Expr, take: TakeComments): Doc {
  const inside = [softLine, chain(e, take), commentsBefore(e.span.end, take)];
  return group(["(", indent(inside), softLine, ")"]);
}

function isChain(e: Expr): e is Extract<Expr, { kind: "binary" | "pipe" }> {
  return e.kind === "pipe" || (e.kind === "binary" && e.op !== "^");
}

/** Operands with a break before every operator; operators of one level, left to right, in one row. */
function chain(e: Expr, take: TakeComments): Doc {
  if (!isChain(e)) return atom(e, take);
  const level = levelOf(e);
  const links: { readonly op: string; readonly right: Expr }[] = [];
  let head: Expr = e;
  while (isChain(head) && levelOf(head) === level && (level !== LEVEL.comparison || head === e)) {
    links.unshift({ op: head.kind === "pipe" ? "|" : head.op, right: head.right });
    head = head.left;
  }
  const first = operand(head, level === LEVEL.comparison ? LEVEL.sum : level, take);
  const rest = links.map(({ op, right }) => [
    commentsBefore(right.span.start, take),
    line,
    `${op} `,
    op === "|" ? atom(right, take) : operand(right, level + 1, take),
  ]);
  return [first, rest];
}

function atom(e: Expr, take: TakeComments): Doc {
  switch (e.kind) {
    case "number":
      return e.text;
    case "ref":
      return e.lag === null ? e.name : `${e.name}[t${e.lag === 0 ? "" : `-${e.lag}`}]`;
    case "unary":
      return ["-", operand(e.operand, LEVEL.unary, take)];
    case "binary":
      return [operand(e.left, LEVEL.postfix, take), e.op, operand(e.right, LEVEL.unary, take)];
    case "call":
      return [e.callee.text, printDims(e.dims ?? []), printArgs(e.args, e.span.end, take)];
    case "apply-dims":
      return `${e.callee.text}${printDims(e.dims)}`;
    case "pipe":
      return parenthesised(e, take);
    case "member": {
      const object = operand(e.object, LEVEL.postfix, take);
      return [e.object.kind === "number" ? ["(", object, ")"] : object, `.${e.name.text}`];
    }
    case "record": {
      const fields = e.fields.map(({ name, value }) => ({
        at: name.span.start,
        print: () => [`${name.text}: `, printExpr(value, take)],
      }));
      return list("{", "}", fields, e.span.end, fields.length === 0 ? softLine : line, take);
    }
    default:
      return e satisfies never;
  }
}

function printArgs(args: readonly Arg[], end: number, take: TakeComments): Doc {
  const items = args.map((arg, i) => ({
    at: arg.span.start,
    print: () => printArg(arg, args.slice(i + 1), take),
  }));
  return list("(", ")", items, end, softLine, take);
}

function printArg(arg: Arg, later: readonly Arg[], take: TakeComments): Doc {
  if (arg.kind === "target") return `${arg.name.text}: ${printShape(arg.shape)}${printOf(arg.of)}`;
  const value = looksLikeDims(arg.value, later)
    ? parenthesised(arg.value, take)
    : printExpr(arg.value, take);
  return arg.kind === "named" ? [`${arg.name.text} = `, value] : value;
}

/** `f(a < b, c > (d))` would read as a call of `a<b, c>`. */
function looksLikeDims(e: Expr, later: readonly Arg[]): boolean {
  if (e.kind !== "binary" || e.op !== "<") return false;
  return later.some(
    (arg) =>
      arg.kind !== "target" &&
      arg.value.kind === "binary" &&
      arg.value.op === ">" &&
      flat(arg.value.right).startsWith("("),
  );
}

function flat(e: Expr): string {
  return layOut(
    operand(e, LEVEL.sum, () => []),
    Number.POSITIVE_INFINITY,
    0,
  );
}

export interface ListItem {
  readonly at: number;
  readonly print: () => Doc;
}

/** Bracketed items, on one line or one a line, with the comments between them. */
export function list(
  open: string,
  close: string,
  items: readonly ListItem[],
  end: number,
  edge: Doc,
  take: TakeComments,
): Doc {
  const parts = items.map(({ at, print }, i) => [
    i === 0 ? "" : ",",
    commentsBefore(at, take),
    i === 0 ? edge : line,
    print(),
  ]);
  return group([open, indent([parts, commentsBefore(end, take)]), edge, close]);
}

/** `W_i, W_f, W_g`, broken where they are too many for a line. */
export function printNames(
  names: readonly { readonly text: string; readonly span: { readonly start: number } }[],
  take: TakeComments,
): Doc {
  const parts = names.map(({ text, span }, i) =>
    i === 0 ? text : [commentsBefore(span.start, take), line, text],
  );
  return group(indent(join(parts, ",")));
}
