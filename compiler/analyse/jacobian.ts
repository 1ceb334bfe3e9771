/** @file The step's Jacobian as equations. In: a checked entry. Out: for every pair of states that touch, the
 *  derivative of one by the other as a sum of terms, one a path through the equations. Never a number. */
import type { Expr } from "../../grammar/ast.ts";
import { latexOf } from "../../grammar/latex.ts";
import type { Checked } from "../2-check/checked.ts";
import type { Entry } from "../3-lower/lower.ts";
import type { Places } from "../3-lower/places.ts";
import type { NodeId } from "../ir/ir.ts";
import { abbreviate, type Definition } from "./abbreviate.ts";
import { linearExpression } from "./linear-expression.ts";
import { type Loop, loopsOf } from "./loop.ts";
import { namesIn } from "./names.ts";
import { type BlockPaths, type Path, pathsOf, type Step, stepOf } from "./paths.ts";
import { textOf } from "./text.ts";

export interface Jacobian {
  /** What the loop's names start with in a model, "e.LSTM."; "" in a cell. */
  readonly layer: string;
  readonly states: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly lags: number;
  }[];
  readonly blocks: readonly Block[];
  /** What `v1`, `v2`, … in the terms stand for: long parts that a term repeats. */
  readonly definitions: readonly (Definition & { readonly latex: string })[];
}

/** ∂of[t]/∂to[t-lag], the sum of its terms. Blocks that are zero are left out. */
export interface Block {
  readonly of: string;
  readonly to: string;
  readonly lag: number;
  readonly terms: readonly Term[];
  /** Terms beyond those listed: a step with very many paths has too many to write out. */
  readonly more: number;
}

export interface Term {
  /** A syntax tree without places: for `grammar`'s printers. */
  readonly expression: Expr;
  readonly text: string;
  /** For math mode. */
  readonly latex: string;
  /** The equations passed, from `of` back to `to`. */
  readonly through: readonly Passed[];
  /** Linear in the old state, each element by itself: no weight matrix, no nonlinearity on the way. */
  readonly direct: boolean;
}

export interface Passed {
  readonly name: string;
  readonly file: string;
  readonly line: number;
}

/** The Jacobians of an entry's recurrent loops: one of a cell, one a recurrent layer of a model. */
export function jacobians(checked: Checked, entry: Entry): readonly Jacobian[] {
  const { loops, places } = loopsOf(checked, entry);
  return loops.map((loop) => jacobianOf(loop, stepOf(loop), checked, places));
}

export function jacobianOf(loop: Loop, step: Step, checked: Checked, places: Places): Jacobian {
  const names = namesIn(loop, step);
  const { places: list } = places.info(loop.graph);
  const passed = (id: NodeId): Passed => {
    const node = step.c.b.node(id);
    const at = list[places.at(node.at, node.name ?? null)];
    return {
      name: (node.name ?? "").slice(loop.prefix.length),
      file: checked.files[at?.file ?? 0]?.path ?? node.at.file,
      line: at?.line ?? node.at.line,
    };
  };
  const all = pathsOf(step);
  const short = abbreviate(
    all.flatMap((b) => b.paths.map((p) => linearExpression(names, p.map))),
    (name) => loop.scan.body.nodes.some((n) => n.name === loop.prefix + name),
  );
  const scalars = scalarsOf(loop);
  const term = ({ through, direct }: Path, expression: Expr): Term => ({
    expression,
    text: textOf(expression),
    latex: latexOf(expression, scalars),
    through: through.map(passed),
    direct,
  });
  const firsts = all.map((_, i) => all.slice(0, i).reduce((n, b) => n + b.paths.length, 0));
  const block = ({ of, to, paths, more }: BlockPaths, i: number): Block => ({
    of: of.state,
    to: to.state,
    lag: to.lag,
    terms: paths.map((p, k) => term(p, short.expressions[firsts[i]! + k]!)),
    more,
  });
  return {
    layer: loop.prefix,
    states: loop.slots
      .filter((s) => s.lag === 1)
      .map(({ state, shape }) => ({
        name: state,
        shape,
        lags: loop.slots.filter((s) => s.state === state).length,
      })),
    blocks: all.map(block),
    definitions: short.definitions.map((d) => ({ ...d, latex: latexOf(d.expression, scalars) })),
  };
}

/** Names of single numbers: their products need no sign. */
function scalarsOf(loop: Loop): ReadonlySet<string> {
  const named = loop.scan.body.nodes.filter((n) => n.type.shape.length === 0);
  return new Set(named.flatMap((n) => n.name?.slice(loop.prefix.length) ?? []));
}
