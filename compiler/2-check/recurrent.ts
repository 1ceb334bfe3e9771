/** @file Cells run over sequences in a model. In: `forward(GRU<H>, memory = m, …)` and what is fed to
 *  it. Out: the type of the sequence that comes out, with its parts; dims that are not written inferred. */
import type { Arg, Expr } from "../../grammar/ast.ts";
import { error } from "../../grammar/diagnostic.ts";
import { didYouMean, list } from "../1-resolve/report.ts";
import { checkSettings } from "./calls.ts";
import { bind, bindDefaults, type CellTypes, cellUse, type Use } from "./cell-use.ts";
import { lengthOf } from "./dims.ts";
import { misplaced, typeOf } from "./expr.ts";
import { concatLast } from "./functions.ts";
import { LAYERS } from "./layers.ts";
import type { CallExpr, Given, Scope } from "./scope.ts";
import { type Parts, real, type Shape, showType, type Type } from "./types.ts";
import { resolve } from "./unify.ts";

export function runCell(
  layer: "forward" | "backward" | "bidirectional",
  e: CallExpr,
  x: Given,
  scope: Scope,
  cells: CellTypes,
): Type | null {
  const use = cellUse(layer, e, scope, cells);
  if (use === null) return null;
  const { words } = LAYERS[layer];
  const named = e.args.slice(1).flatMap((a) => (a.kind === "named" ? [a] : []));
  const extra = e.args.slice(1).find((a) => a.kind === "positional");
  if (extra !== undefined) {
    const label = "one argument too many";
    const help = `write \`${LAYERS[layer].usage}\``;
    scope.report(error("E220", extra.span, `wrong arguments to \`${layer}\``, { label, help }));
    return null;
  }
  const [main] = use.flat.inputs;
  if (main === undefined) return null;
  let sound = bind(use, main.name, x.type, x.expr);
  const settings = new Map<string, Expr>();
  const given = new Set([main.name]);
  for (const arg of named) {
    const name = arg.name.text;
    if (words.some((w) => w.name === name)) settings.set(name, arg.value);
    else if (name === "init") sound = fitInit(use, arg.value) && sound;
    else sound = fitNamed(use, arg, x, given) && sound;
  }
  sound = checkSettings(e.callee, words, settings, scope) !== null && sound;
  const missing = [...use.flat.inputs, ...use.flat.memories].filter((i) => !given.has(i.name));
  if (missing.length > 0) {
    const names = list(missing.map((m) => `\`${m.name}\``));
    const label = `\`${use.name.text}\` also needs ${names}`;
    const [first] = missing;
    const help = `give it by name: \`${layer}(${use.name.text}<…>, ${first!.name} = …)\``;
    scope.report(error("E220", e.span, `wrong arguments to \`${layer}\``, { label, help }));
    return null;
  }
  if (!sound || !bindDefaults(use, e)) return null;
  scope.instance?.(
    use.decl,
    new Map(use.flat.dims.map((d) => [d.name.text, use.bindings.get(d.name.text)!])),
  );
  const one = resultOf(use, x.type.seq);
  if (one === null || layer !== "bidirectional") return one;
  const merge = settings.get("merge");
  return bothWays(one, merge?.kind === "ref" ? merge.name : "concat", e, scope);
}

/** `memory = m`, or an input or memory by its own name. */
function fitNamed(
  use: Use,
  arg: Extract<Arg, { kind: "named" }>,
  x: Given,
  given: Set<string>,
): boolean {
  const { flat, scope } = use;
  const name = arg.name.text;
  const alone = name === "memory" && flat.memories.length === 1 ? flat.memories[0] : undefined;
  const memory = flat.memories.find((m) => m.name === name) ?? alone;
  const target = memory ?? flat.inputs.find((i) => i.name === name);
  const type = typeOf(arg.value, scope);
  if (target === undefined || given.has(target.name)) {
    const names = ["init", ...[...flat.inputs.slice(1), ...flat.memories].map((i) => i.name)];
    const help =
      didYouMean(name, names) ?? `by name it takes ${list(names.map((n) => `\`${n}\``))}`;
    const label = target === undefined ? `\`${flat.name}\` has no \`${name}\`` : "is given already";
    scope.report(error("E220", arg.span, `wrong arguments for \`${flat.name}\``, { label, help }));
    return false;
  }
  given.add(target.name);
  if (type === null) return false;
  if (memory === undefined) {
    if (type.seq !== null && type.seq !== x.type.seq) {
      const label = `varies over ${type.seq}, but the cell runs over ${x.type.seq}`;
      scope.report(
        error("E228", arg.value.span, `two sequences meet in ${scope.where}`, { label }),
      );
      return false;
    }
    return bind(use, target.name, type, arg.value);
  }
  if (type.seq === null) {
    scope.report(
      error("E227", arg.value.span, `\`${name}\` must be a sequence`, {
        label: `is ${showType(type)}: one value a sample`,
        help: "a memory is read whole at every step: give it what still has its steps",
      }),
    );
    return false;
  }
  const whole = { ...type, seq: null, shape: [lengthOf(type.seq), ...type.shape] };
  return bind(use, target.name, whole, arg.value);
}

/** `init = { h: v }`: one value a sample for each state named. */
function fitInit(use: Use, e: Expr): boolean {
  const { scope, flat } = use;
  if (e.kind !== "record") {
    misplaced(e, "initial states are written `init = { h: v }`", scope);
    return false;
  }
  let sound = true;
  for (const { name, value } of e.fields) {
    const type = typeOf(value, scope);
    const state = flat.states.find((s) => s.name === name.text);
    if (state === undefined) {
      const states = flat.states.map((s) => s.name);
      scope.report(
        error("E232", name.span, `\`${flat.name}\` has no state \`${name.text}\``, {
          label: `its states are ${states.join(", ")}`,
          help: didYouMean(name.text, states),
        }),
      );
      sound = false;
    } else if (type?.seq != null) {
      scope.report(
        error("E227", value.span, `the initial value of \`${name.text}\` must be one a sample`, {
          label: `is ${showType(type)}: a sequence`,
          help: "take its end, `.final.h`, or pool it: `| last`, `| mean`",
        }),
      );
      sound = false;
    } else sound = type !== null && bind(use, state.name, type, value) && sound;
  }
  return sound;
}

/** The first output, with all outputs and final states as parts. */
function resultOf(use: Use, seq: string | null): Type | null {
  const typed = (name: string, over: string | null): Type | null => {
    const type = use.types.get(name);
    if (type === undefined || type === null) return null;
    const shape = resolve(type.shape, use.own, use.bindings);
    return "shape" in shape ? real(shape.shape, over) : null;
  };
  const parts = new Map<string, Type | Parts>();
  const finals = new Map<string, Type>();
  for (const s of use.flat.states) {
    const type = typed(s.name, null);
    if (type !== null) finals.set(s.name, type);
  }
  for (const o of use.flat.outputs) {
    const type = typed(o.name, seq);
    if (type !== null) parts.set(o.name, type);
  }
  parts.set("final", finals);
  const [main] = use.flat.outputs;
  const type = main === undefined ? null : typed(main.name, seq);
  return type === null ? null : { ...type, parts };
}

/** Both directions' outputs and final states merged alike; scalar states stay `.forward`'s and `.backward`'s. */
function bothWays(one: Type, merge: string, e: CallExpr, scope: Scope): Type | null {
  const merged = (shape: Shape): Shape | null =>
    merge === "concat" ? concatLast([shape, shape]) : shape;
  const shape = merged(one.shape);
  if (shape === null) {
    scope.report(
      error("E227", e.span, `\`${e.callee.text}\` cannot join scalars`, {
        label: "the cell puts out one number a step",
        help: "write `merge = sum`, `mean` or `mul`",
      }),
    );
    return null;
  }
  const finals = new Map<string, Type>();
  const states = one.parts?.get("final");
  for (const [name, type] of states instanceof Map ? states : []) {
    const whole = type.shape.length === 0 ? null : merged(type.shape);
    if (whole !== null) finals.set(name, real(whole));
  }
  const parts = new Map<string, Type | Parts>([
    ["forward", one],
    ["backward", one],
    ["final", finals],
  ]);
  return { ...real(shape, one.seq), parts };
}
