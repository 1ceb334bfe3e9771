/** @file What checking hands to lowering. In: nothing. Out: declarations with names resolved, `extends`
 *  flattened and shapes proven, so that lowering meets no user mistake. Never holds concrete sizes. */
import type {
  CellDecl,
  ConstDecl,
  DimExpr,
  DimParam,
  Equation,
  FnDecl,
  Initialiser,
  ModelDecl,
  ShapeExpr,
  StateInit,
  TrainDecl,
} from "../../grammar/ast.ts";
import type { Diagnostic } from "../../grammar/diagnostic.ts";
import type { Span } from "../../grammar/span.ts";

/**
 * Every declaration reachable from the entry file through imports, by name. Where two files declare
 * one name, the later file's goes by `name@2`, and is called so wherever it is meant: here one name
 * means one thing. Only where `diagnostics` has no error may it be lowered.
 */
export interface Checked {
  readonly cells: ReadonlyMap<string, FlatCell>;
  /** Members in an order in which each may read those before it. */
  readonly models: ReadonlyMap<string, ModelDecl>;
  readonly fns: ReadonlyMap<string, FnDecl>;
  /** By the name of the model or cell they train. */
  readonly trains: ReadonlyMap<string, TrainDecl>;
  readonly files: readonly { readonly path: string; readonly text: string }[];
  readonly diagnostics: readonly Diagnostic[];
}

/** A cell after `extends`: one declaration a name, only the parameters that its equations use. */
export interface FlatCell {
  readonly name: string;
  readonly doc: string;
  readonly dims: readonly DimParam[];
  readonly inputs: readonly FlatInput[];
  readonly memories: readonly {
    readonly name: string;
    readonly shape: ShapeExpr;
    readonly span: Span;
  }[];
  readonly states: readonly FlatState[];
  readonly params: readonly FlatParam[];
  readonly consts: readonly ConstDecl[];
  /** Without `[t]` first, then each after the same-step values it reads. An `output y[t] = …` is here as a let. */
  readonly equations: readonly Equation[];
  readonly outputs: readonly { readonly name: string; readonly span: Span }[];
  /** The declaration itself, and its ancestors after it. */
  readonly lineage: readonly CellDecl[];
}

export interface FlatInput {
  readonly name: string;
  readonly shape: ShapeExpr;
  readonly of: DimExpr | null;
  readonly span: Span;
}

export interface FlatState {
  readonly name: string;
  readonly shape: ShapeExpr;
  readonly init: StateInit | null;
  /** The largest k of `s[t-k]`; at least 1. */
  readonly lags: number;
  readonly span: Span;
}

export interface FlatParam {
  readonly name: string;
  readonly shape: ShapeExpr;
  readonly initialiser: Initialiser;
  readonly span: Span;
}
