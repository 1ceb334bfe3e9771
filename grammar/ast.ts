/** @file The syntax tree of a `.cell` file. In: nothing. Out: readonly unions of plain data, each
 *  node with its span. Never resolved: names are text, dims are expressions, until the compiler. */
import type { Span } from "./span.ts";

export interface SourceFile {
  readonly kind: "file";
  readonly imports: readonly Import[];
  readonly items: readonly Item[];
  readonly span: Span;
}

export type Item = FnDecl | CellDecl | ModelDecl | TrainDecl;

/** A name as written, with its place. */
export interface Name {
  readonly text: string;
  readonly span: Span;
}

/** `import { a, b } from "std/norm"`. */
export interface Import {
  readonly kind: "import";
  readonly names: readonly Name[];
  readonly from: string;
  readonly fromSpan: Span;
  readonly span: Span;
}

/** `fn layer_norm(v: [N], g: [N]) -> [N] = expr`; pure, inlined, polymorphic in its dims. */
export interface FnDecl {
  readonly kind: "fn";
  readonly name: Name;
  readonly doc: string;
  readonly params: readonly { readonly name: Name; readonly shape: ShapeExpr }[];
  readonly returns: ShapeExpr;
  readonly body: Expr;
  readonly span: Span;
}

/** `D` or `H = 128` in `<…>` of a cell or model. */
export interface DimParam {
  readonly name: Name;
  readonly default: DimExpr | null;
}

export interface CellDecl {
  readonly kind: "cell";
  readonly name: Name;
  readonly doc: string;
  readonly dims: readonly DimParam[];
  readonly extends: {
    readonly name: Name;
    readonly dims: readonly DimExpr[];
    readonly span: Span;
  } | null;
  readonly members: readonly CellMember[];
  readonly span: Span;
}

export type CellMember =
  | InputDecl
  | MemoryDecl
  | StateDecl
  | ParamDecl
  | ConstDecl
  | Equation
  | OutputDecl;

/** `input x: [D]`, in models `input x: [T, D]`, tokens `input w: [T] of V`. */
export interface InputDecl {
  readonly kind: "input";
  readonly doc: string;
  readonly names: readonly Name[];
  readonly shape: ShapeExpr;
  /** Number of classes when the values are tokens 0 … of−1, else null. */
  readonly of: DimExpr | null;
  readonly span: Span;
}

/** `memory m: [S, M]`: a whole sequence, seen at every step; the first dim is its own length. */
export interface MemoryDecl {
  readonly kind: "memory";
  readonly doc: string;
  readonly names: readonly Name[];
  readonly shape: ShapeExpr;
  readonly span: Span;
}

/** `state h, c: [H] = 0`. `init` is null when omitted (zero) . `learn(zeros)` is `{learned: true, value: Call|Ref}`. */
export interface StateDecl {
  readonly kind: "state";
  readonly doc: string;
  readonly names: readonly Name[];
  readonly shape: ShapeExpr;
  readonly init: StateInit | null;
  readonly span: Span;
}
export type StateInit =
  | { readonly kind: "value"; readonly expr: Expr; readonly span: Span }
  | { readonly kind: "learn"; readonly initialiser: Initialiser; readonly span: Span };

/** `param W_i, W_f: [H, D] ~ glorot_uniform`; initialiser null when omitted in an `extends` override of shape. */
export interface ParamDecl {
  readonly kind: "param";
  readonly doc: string;
  readonly names: readonly Name[];
  readonly shape: ShapeExpr;
  readonly initialiser: Initialiser;
  readonly span: Span;
}

/** `zeros`, `uniform(-0.1, 0.1)`, `chrono(T_max = 100)`. */
export interface Initialiser {
  readonly name: Name;
  readonly args: readonly Arg[];
  readonly span: Span;
}

/** `const beta = 1`; optional shape. */
export interface ConstDecl {
  readonly kind: "const";
  readonly doc: string;
  readonly name: Name;
  readonly value: Expr;
  readonly span: Span;
}

/**
 * `gate i[t] = …` (role gate), `let g[t] = …` (let), `h[t] = …` (state).
 * `timed` is whether `[t]` is written on the left: a `let` without it holds for the whole sequence
 * (`let A = W - transpose(W)`).
 */
export interface Equation {
  readonly kind: "equation";
  readonly doc: string;
  readonly role: "gate" | "let" | "state";
  readonly name: Name;
  readonly timed: boolean;
  readonly value: Expr;
  readonly span: Span;
}

/** `output h, c`, or `output y[t] = expr` (cells), `output y = expr` (models). */
export interface OutputDecl {
  readonly kind: "output";
  readonly doc: string;
  readonly names: readonly Name[];
  readonly timed: boolean;
  readonly value: Expr | null;
  readonly span: Span;
}

export interface ModelDecl {
  readonly kind: "model";
  readonly name: Name;
  readonly doc: string;
  readonly dims: readonly DimParam[];
  /** `param` and `const` are allowed too: parameters used directly in expressions. */
  readonly members: readonly (InputDecl | ParamDecl | ConstDecl | Equation | OutputDecl)[];
  readonly span: Span;
}

/** `train NAME { loss … optimizer … clip norm 1.0 truncate 64 batch 32 epochs 10 schedule … seed 1 … }`. */
export interface TrainDecl {
  readonly kind: "train";
  readonly name: Name;
  readonly doc: string;
  readonly settings: readonly TrainSetting[];
  readonly span: Span;
}

/**
 * One line of a train block: a word, then what follows it.
 * `clip norm 1.0` is { key: clip, word: norm, value: 1.0 }; `batch 32` has no word;
 * `loss cross_entropy(y, labels: [T] of K)` has a Call whose args may be target declarations.
 */
export interface TrainSetting {
  readonly key: Name;
  readonly word: Name | null;
  readonly value: Expr | null;
  readonly span: Span;
}

// ---- dims and shapes

export type DimExpr =
  | { readonly kind: "dim-number"; readonly value: number; readonly span: Span }
  | { readonly kind: "dim-name"; readonly name: string; readonly span: Span }
  | {
      readonly kind: "dim-binary";
      readonly op: "+" | "-" | "*" | "/";
      readonly left: DimExpr;
      readonly right: DimExpr;
      readonly span: Span;
    };

export interface ShapeExpr {
  readonly dims: readonly DimExpr[];
  readonly span: Span;
}

// ---- expressions

export type BinaryOp = "+" | "-" | "*" | "/" | "^" | "@" | "<" | "<=" | ">" | ">=" | "==" | "!=";

export type Expr =
  | { readonly kind: "number"; readonly value: number; readonly text: string; readonly span: Span }
  /** `W`, `h[t-1]` (lag 1), `x[t]` (lag 0); lag null when no `[t…]` is written. */
  | {
      readonly kind: "ref";
      readonly name: string;
      readonly lag: number | null;
      readonly span: Span;
    }
  | { readonly kind: "unary"; readonly op: "-"; readonly operand: Expr; readonly span: Span }
  | {
      readonly kind: "binary";
      readonly op: BinaryOp;
      readonly left: Expr;
      readonly right: Expr;
      readonly opSpan: Span;
      readonly span: Span;
    }
  /** `f(a, b, name = c)`, and `GRU<H>(…)`; `dims` null when no `<…>` is written. */
  | {
      readonly kind: "call";
      readonly callee: Name;
      readonly dims: readonly DimExpr[] | null;
      readonly args: readonly Arg[];
      readonly span: Span;
    }
  /** `GRU<H>` without call parentheses: a cell given as an argument. */
  | {
      readonly kind: "apply-dims";
      readonly callee: Name;
      readonly dims: readonly DimExpr[];
      readonly span: Span;
    }
  /** `x | f(…)`: left feeds the call (or bare name) on the right. */
  | { readonly kind: "pipe"; readonly left: Expr; readonly right: Expr; readonly span: Span }
  /** `enc.final.h`. */
  | { readonly kind: "member"; readonly object: Expr; readonly name: Name; readonly span: Span }
  /** `{ h: expr, c: expr }`. */
  | {
      readonly kind: "record";
      readonly fields: readonly { readonly name: Name; readonly value: Expr }[];
      readonly span: Span;
    };

export type Arg =
  | { readonly kind: "positional"; readonly value: Expr; readonly span: Span }
  | { readonly kind: "named"; readonly name: Name; readonly value: Expr; readonly span: Span }
  /** `labels: [T] of K`, in a loss: declares a training target. */
  | {
      readonly kind: "target";
      readonly name: Name;
      readonly shape: ShapeExpr;
      readonly of: DimExpr | null;
      readonly span: Span;
    };
