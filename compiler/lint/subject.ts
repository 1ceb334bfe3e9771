/** @file What rules look at. In: a checked cell. Out: its step as terms, their bounds, their values before
 *  the first step, what its parameters start from. Never a verdict. */
import type { InitialiserInfo } from "../../runtime/artifact/artifact.ts";
import type { Checked, FlatCell } from "../2-check/checked.ts";
import { initialiserInfo } from "../3-lower/declare.ts";
import { constantOf, evalDim, evalShape } from "../3-lower/dims.ts";
import type { Interval } from "../ops/op.ts";
import { buildStep } from "./build.ts";
import { rangesOf } from "./ranges.ts";
import { elementsOf } from "./starts.ts";
import type { LeafTerm, Step } from "./term.ts";
import { startValues, type Values } from "./values.ts";

export interface Subject {
  readonly cell: FlatCell;
  readonly checked: Checked;
  /** Names replaced by what they are, down to inputs, parameters, and states as they were. */
  readonly step: Step;
  /** Each equation by itself: the names in it are leaves. */
  readonly lines: Step;
  /** Of the terms of `step`: at every step, whatever inputs and parameters are. */
  readonly ranges: readonly Interval[];
  /** Of the terms of `step`, before the first step. */
  readonly start: Values;
  readonly sizes: Sizes;
  readonly params: ReadonlyMap<string, ParamStart>;
  /** Earlier values of states that some equation reads. */
  readonly pasts: readonly LeafTerm[];
}

export type Sizes = Readonly<Record<string, number>>;

export interface ParamStart {
  readonly initialiser: InitialiserInfo;
  readonly shape: readonly number[];
}

/** A dim that has no default, and is not given, counts as this. */
export const USUAL_SIZE = 128;

export function subjectOf(cell: FlatCell, checked: Checked, given: Sizes): Subject {
  const sizes: Record<string, number> = {};
  for (const d of cell.dims) {
    const byDefault = d.default === null ? USUAL_SIZE : evalDim(d.default, sizes);
    sizes[d.name.text] = given[d.name.text] ?? Number(byDefault);
  }
  const consts = new Map(cell.consts.map((c) => [c.name.text, c.value]));
  const number = (name: string): number | null => {
    const value = consts.get(name);
    return value === undefined ? (sizes[name] ?? null) : constantOf(value, number);
  };
  const params = new Map(
    cell.params.map((p): [string, ParamStart] => {
      const shape = evalShape(p.shape, sizes).map(Number);
      return [p.name, { initialiser: initialiserInfo(p.initialiser, number), shape }];
    }),
  );
  const step = buildStep(cell, checked.fns, sizes, true);
  const states = cell.states.map((s) => s.name);
  return {
    cell,
    checked,
    step,
    lines: buildStep(cell, checked.fns, sizes, false),
    ranges: rangesOf(step, states),
    start: startValues(step, (leaf) => startOf(leaf, params, sizes)),
    sizes,
    params,
    pasts: step.all.flatMap((t) => (t.kind === "leaf" && t.of === "past" ? [t] : [])),
  };
}

function startOf(leaf: LeafTerm, params: ReadonlyMap<string, ParamStart>, sizes: Sizes): number {
  switch (leaf.of) {
    case "input":
    case "memory":
      return 0;
    case "param": {
      const param = params.get(leaf.name);
      if (param === undefined || param.initialiser.name === "identity") return Number.NaN;
      return elementsOf(param.initialiser, param.shape).mean;
    }
    case "dim":
      return sizes[leaf.name] ?? Number.NaN;
    case "past":
    case "name":
    case "const":
      return Number.NaN;
  }
}
