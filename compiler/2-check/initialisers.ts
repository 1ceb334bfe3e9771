/** @file What a parameter may start from. In: the runtime's vocabulary, and what the language adds to
 *  it. Out: initialisers checked. Never draws a number. */
import type { Initialiser } from "../../grammar/ast.ts";
import { error } from "../../grammar/diagnostic.ts";
import {
  INITIALISERS,
  type InitialiserName,
  type InitialiserSpec,
} from "../../runtime/artifact/initialisers.ts";
import { didYouMean } from "../1-resolve/report.ts";
import { checkSettings, type Settings, splitArguments } from "./calls.ts";
import type { Setting } from "./functions.ts";
import { type Shape, showShape } from "./types.ts";

/** Initialisers of matrices: rank 2 and no other. */
export const MATRIX_INITIALISERS: ReadonlySet<InitialiserName> = new Set([
  "orthogonal",
  "identity",
]);

export const isInitialiser = (name: string): name is InitialiserName =>
  Object.hasOwn(INITIALISERS, name);

/** Its arguments in the order of positions, as settings of a call. */
export const initialiserSettings = (name: InitialiserName): readonly Setting[] =>
  (INITIALISERS[name] as InitialiserSpec).args.map((a) => ({
    kind: "number",
    name: a.name,
    default: a.default,
    within: { from: a.from, to: a.to, open: false },
  }));

/** `uniform(low, high)`. */
export function initialiserUsage(name: InitialiserName): string {
  const args = initialiserSettings(name);
  return args.length === 0 ? name : `${name}(${args.map((a) => a.name).join(", ")})`;
}

/** Reports an unknown name, a shape it cannot fill (null: not known) and wrong arguments. */
export function checkInitialiser(i: Initialiser, shape: Shape | null, scope: Settings): void {
  const name = i.name.text;
  if (!isInitialiser(name)) {
    scope.report(
      error("E224", i.name.span, `no initialiser \`${name}\``, {
        label: "is not known",
        help:
          didYouMean(name, Object.keys(INITIALISERS)) ??
          `known are ${Object.keys(INITIALISERS).join(", ")}`,
      }),
    );
    return;
  }
  if (shape !== null && shape.length !== 2 && MATRIX_INITIALISERS.has(name)) {
    scope.report(
      error("E225", i.span, `\`${name}\` in ${scope.where}`, {
        label: `is for matrices, and this is ${showShape(shape)}`,
        help: "for vectors take zeros, ones, uniform or normal",
      }),
    );
  }
  const settings = initialiserSettings(name);
  const f = { usage: initialiserUsage(name), arity: 0, settings };
  const split = splitArguments(i.name, f, i.args, false, i.span, scope);
  if (split !== null) checkSettings(i.name, settings, split.settings, scope);
}
