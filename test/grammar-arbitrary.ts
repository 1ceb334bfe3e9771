/** @file Random syntax trees. In: nothing. Out: fast-check arbitraries of every valid tree's shape,
 *  spans all at the origin. Never a tree that no text could give. */
import fc from "fast-check";
import type {
  Arg,
  BinaryOp,
  CellMember,
  DimExpr,
  Expr,
  Import,
  Initialiser,
  Item,
  ModelDecl,
  Name,
  ShapeExpr,
  SourceFile,
  TrainSetting,
} from "../grammar/ast.ts";
import type { Span } from "../grammar/span.ts";
import { SETTINGS } from "../grammar/tokens.ts";

const span: Span = { file: "", start: 0, end: 0, line: 1, column: 1 };
const RESERVED =
  "import cell fn model train input memory state param const gate let output learn".split(" ");

/** Short enough to repeat, with the words that are keywords in some places only. */
const word = fc.oneof(
  fc.constantFrom("a", "b", "h", "x", "t", "W_i", "x1", "from", "extends", "of", "zeros", "H", "D"),
  fc
    .stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,24}$/)
    .filter((s) => !RESERVED.includes(s) && !SETTINGS.some((k) => k === s)),
);
const name: fc.Arbitrary<Name> = word.map((text) => ({ text, span }));
/** Names of arguments and members may be keywords. */
const anyWord: fc.Arbitrary<Name> = fc
  .oneof({ weight: 4, arbitrary: word }, fc.constantFrom(...RESERVED, ...SETTINGS))
  .map((text) => ({ text, span }));
const names = fc.array(name, { minLength: 1, maxLength: 12 });

const numberText = fc.oneof(
  fc.nat(1000).map(String),
  fc.tuple(fc.nat(99), fc.stringMatching(/^\d{1,4}$/)).map(([a, b]) => `${a}.${b}`),
  fc.tuple(fc.nat(9), fc.constantFrom("e", "E", "e-", "e+"), fc.nat(30)).map((p) => p.join("")),
);

const dim: fc.Arbitrary<DimExpr> = fc.letrec<{ dim: DimExpr }>((tie) => ({
  dim: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.nat(4096).map((value) => ({ kind: "dim-number" as const, value, span })),
    word.map((text) => ({ kind: "dim-name" as const, name: text, span })),
    fc.record({
      kind: fc.constant("dim-binary" as const),
      op: fc.constantFrom("+" as const, "-" as const, "*" as const, "/" as const),
      left: tie("dim"),
      right: tie("dim"),
      span: fc.constant(span),
    }),
  ),
})).dim;
const dims = (minLength: number) => fc.array(dim, { minLength, maxLength: 3 });
const shape: fc.Arbitrary<ShapeExpr> = dims(0).map((d) => ({ dims: d, span }));
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });

const OPS: readonly BinaryOp[] = ["+", "-", "*", "/", "^", "@", "<", "<=", ">", ">=", "==", "!="];

type Kind<K extends Expr["kind"]> = Extract<Expr, { kind: K }>;
interface Tied {
  readonly expr: Expr;
  readonly arg: Arg;
  readonly call: Kind<"call">;
  readonly layer: Expr;
}

const tied = fc.letrec<Tied>((tie: fc.LetrecTypedTie<Tied>): fc.LetrecValue<Tied> => {
  const ref = word.chain((text) =>
    maybe(fc.nat(3)).map((lag): Expr => ({ kind: "ref", name: text, lag, span })),
  );
  const call = fc.record({
    kind: fc.constant("call" as const),
    callee: name,
    dims: maybe(dims(1)),
    args: fc.array(tie("arg"), { maxLength: 4, depthIdentifier: "e" }),
    span: fc.constant(span),
  });
  const applied = fc
    .tuple(name, dims(1))
    .map(([callee, d]): Expr => ({ kind: "apply-dims", callee, dims: d, span }));
  return {
    expr: fc.oneof(
      { depthSize: "small", withCrossShrink: true, depthIdentifier: "e" },
      ref,
      numberText.map((text): Expr => ({ kind: "number", value: Number(text), text, span })),
      applied,
      tie("call"),
      fc
        .tuple(fc.constantFrom(...OPS), tie("expr"), tie("expr"))
        .map(
          ([op, left, right]): Expr => ({ kind: "binary", op, left, right, opSpan: span, span }),
        ),
      tie("expr").map((operand): Expr => ({ kind: "unary", op: "-", operand, span })),
      fc
        .tuple(tie("expr"), tie("layer"))
        .map(([left, right]): Expr => ({ kind: "pipe", left, right, span })),
      fc
        .tuple(tie("expr"), anyWord)
        .map(([object, member]): Expr => ({ kind: "member", object, name: member, span })),
      fc
        .array(fc.record({ name: anyWord, value: tie("expr") }), { maxLength: 3 })
        .map((fields): Expr => ({ kind: "record", fields, span })),
    ),
    layer: fc.oneof(
      tie("call"),
      applied,
      word.map((text): Expr => ({ kind: "ref", name: text, lag: null, span })),
    ),
    call,
    arg: fc.oneof(
      tie("expr").map((value): Arg => ({ kind: "positional", value, span })),
      fc
        .tuple(anyWord, tie("expr"))
        .map(([n, value]): Arg => ({ kind: "named", name: n, value, span })),
    ),
  };
});

export const expression: fc.Arbitrary<Expr> = tied.expr;

const initialiser: fc.Arbitrary<Initialiser> = fc.oneof(
  fc.record({
    name,
    args: fc.array(tied.arg, { maxLength: 2 }),
    span: fc.constant(span),
  }),
  fc.record({
    name: fc.constant({ text: "const", span }),
    args: fc.array(tied.arg, { minLength: 1, maxLength: 1 }),
    span: fc.constant(span),
  }),
);

/** No trailing space, and never one empty line: that is no doc. */
const doc = fc
  .array(fc.stringMatching(/^[ -~]{0,30}$/), { maxLength: 3 })
  .map((lines) => lines.map((l) => l.trimEnd()).join("\n"));
const base = { doc, span: fc.constant(span) };

const input = fc.record({
  kind: fc.constant("input" as const),
  ...base,
  names,
  shape,
  of: maybe(dim),
});
const param = fc.record({
  kind: fc.constant("param" as const),
  ...base,
  names,
  shape,
  initialiser,
});
const constant = fc.record({
  kind: fc.constant("const" as const),
  ...base,
  name,
  value: tied.expr,
});
const outputs = fc.record({
  kind: fc.constant("output" as const),
  ...base,
  names,
  timed: fc.constant(false),
  value: fc.constant(null),
});
const outputEquation = (timed: boolean) =>
  fc.record({
    kind: fc.constant("output" as const),
    ...base,
    names: name.map((n) => [n]),
    timed: fc.constant(timed),
    value: tied.expr,
  });
const equation = <R extends "gate" | "let" | "state">(role: R, timed: fc.Arbitrary<boolean>) =>
  fc.record({
    kind: fc.constant("equation" as const),
    ...base,
    role: fc.constant(role),
    name,
    timed,
    value: tied.expr,
  });

const member: fc.Arbitrary<CellMember> = fc.oneof(
  input,
  fc.record({ kind: fc.constant("memory" as const), ...base, names, shape }),
  fc.record({
    kind: fc.constant("state" as const),
    ...base,
    names,
    shape,
    init: fc.oneof(
      fc.constant(null),
      tied.expr.map((expr) => ({ kind: "value" as const, expr, span })),
      initialiser.map((i) => ({ kind: "learn" as const, initialiser: i, span })),
    ),
  }),
  param,
  constant,
  outputs,
  outputEquation(true),
  equation("gate", fc.boolean()),
  equation("let", fc.boolean()),
  equation("state", fc.constant(true)),
);

const modelMember: fc.Arbitrary<ModelDecl["members"][number]> = fc.oneof(
  input,
  param,
  constant,
  outputs,
  outputEquation(false),
  equation("let", fc.constant(false)),
);

const target: fc.Arbitrary<Arg> = fc.record({
  kind: fc.constant("target" as const),
  name: anyWord,
  shape,
  of: maybe(dim),
  span: fc.constant(span),
});
const loss: fc.Arbitrary<Expr> = fc.record({
  kind: fc.constant("call" as const),
  callee: name,
  dims: fc.constant(null),
  args: fc.array(fc.oneof(tied.arg, target), { maxLength: 3 }),
  span: fc.constant(span),
});

const setting: fc.Arbitrary<TrainSetting> = fc.oneof(
  fc.record({
    key: fc.constant({ text: SETTINGS[0], span }),
    word: fc.constant(null),
    value: loss,
    span: fc.constant(span),
  }),
  fc.record({
    key: fc.constantFrom(...SETTINGS).map((text) => ({ text, span })),
    word: fc.constant(null),
    value: maybe(tied.expr),
    span: fc.constant(span),
  }),
  fc.record({
    key: fc.constantFrom(...SETTINGS).map((text) => ({ text, span })),
    word: name,
    value: numberText.map((text): Expr => ({ kind: "number", value: Number(text), text, span })),
    span: fc.constant(span),
  }),
);

const dimParams = fc.array(fc.record({ name, default: maybe(dim) }), { maxLength: 3 });

const item: fc.Arbitrary<Item> = fc.oneof(
  fc.record({
    kind: fc.constant("fn" as const),
    name,
    ...base,
    params: fc.array(fc.record({ name, shape }), { maxLength: 4 }),
    returns: shape,
    body: tied.expr,
  }),
  fc.record({
    kind: fc.constant("cell" as const),
    name,
    ...base,
    dims: dimParams,
    extends: maybe(fc.record({ name, dims: dims(0), span: fc.constant(span) })),
    members: fc.array(member, { maxLength: 6 }),
  }),
  fc.record({
    kind: fc.constant("model" as const),
    name,
    ...base,
    dims: dimParams,
    members: fc.array(modelMember, { maxLength: 6 }),
  }),
  fc.record({
    kind: fc.constant("train" as const),
    name,
    ...base,
    settings: fc.array(setting, { maxLength: 5 }),
  }),
);

const importDecl: fc.Arbitrary<Import> = fc.record({
  kind: fc.constant("import" as const),
  names,
  from: fc.stringMatching(/^[ -!#-~]{0,20}$/),
  fromSpan: fc.constant(span),
  span: fc.constant(span),
});

export const sourceFile: fc.Arbitrary<SourceFile> = fc.record({
  kind: fc.constant("file" as const),
  imports: fc.array(importDecl, { maxLength: 2 }),
  items: fc.array(item, { maxLength: 3 }),
  span: fc.constant(span),
});

/** The same tree as plain data without places. */
export function withoutSpans(tree: unknown): unknown {
  return JSON.parse(
    JSON.stringify(tree, (key, value) =>
      key === "span" || key === "opSpan" || key === "fromSpan" ? undefined : value,
    ),
  );
}
