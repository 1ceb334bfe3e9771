/** @file Checking a train block. In: the block, what it trains. Out: reports. Every number is read, every
 *  name known, and the target fits the prediction. */
import type { Arg, Expr, TrainDecl, TrainSetting } from "../../grammar/ast.ts";
import { error } from "../../grammar/diagnostic.ts";
import type { Span } from "../../grammar/span.ts";
import type { Library } from "../1-resolve/load.ts";
import { didYouMean, list, type Report } from "../1-resolve/report.ts";
import { checkSettings, type Settings, splitArguments } from "./calls.ts";
import { isSequence } from "./check-model.ts";
import { constantRange } from "./constants.ts";
import type { DimValues } from "./dims.ts";
import { dimRange } from "./ranges.ts";
import { readDim, shapeOf } from "./shapes.ts";
import {
  CLIPS,
  LOSS_SETTINGS,
  NUMBERS,
  OPTIMISER_SETTINGS,
  SCHEDULES,
  targetRule,
  type Vocabulary,
} from "./training.ts";
import { sameShape, showType, type Type } from "./types.ts";

/** What a train block trains: its dims, and the outputs that a loss may read. */
export interface Trained {
  readonly kind: "cell" | "model";
  readonly dims: DimValues;
  /** Of a cell, as if over the sequence T. Null where a mistake was reported. */
  readonly outputs: ReadonlyMap<string, Type | null>;
}

/** `trained` is undefined where the name means no model or cell. */
export function checkTrain(
  train: TrainDecl,
  trained: Trained | undefined,
  library: Library,
  report: Report,
): void {
  const { text, span } = train.name;
  const where = `train \`${text}\``;
  if (trained === undefined) {
    const { file } = span;
    const names = library.names(file).filter((n) => library.visible(file, n)?.kind !== "fn");
    report(
      error("E235", span, `nothing to train: no model \`${text}\``, {
        label: "is not declared in this file, nor imported",
        help: didYouMean(text, names) ?? "a block is named as the model or cell that it trains",
      }),
    );
    return;
  }
  const scope: Settings = {
    report,
    where,
    dim: (n) => trained.dims.get(n) ?? null,
    constant: (e) =>
      constantRange(e, {
        report,
        where,
        bounds: (n) => {
          const dim = trained.dims.get(n);
          return dim === undefined ? null : dimRange(dim);
        },
      }),
  };
  const seen = new Map<string, Span>();
  for (const s of train.settings) {
    const key = s.key.text === "clip" ? `clip ${s.word?.text}` : s.key.text;
    const before = seen.get(key);
    if (before !== undefined) {
      report(
        error("E237", s.key.span, `\`${key}\` is set twice`, {
          label: "set again here",
          help: "keep one",
          related: [{ span: before, message: "first set here" }],
        }),
      );
      continue;
    }
    seen.set(key, s.key.span);
    checkSetting(s, trained, scope);
  }
  if (!seen.has("loss")) {
    const [output = "y"] = trained.outputs.keys();
    report(
      error("E237", span, `${where} has no loss`, {
        label: "nothing says what to make small",
        help: `add \`loss mse(${output}, target: […])\``,
      }),
    );
  }
}

function checkSetting(s: TrainSetting, trained: Trained, scope: Settings): void {
  const key = s.key.text;
  const wrong = (label: string, help: string, at = s.span) =>
    scope.report(error("E237", at, `\`${key}\` in ${scope.where}`, { label, help }));
  switch (key) {
    case "loss":
      if (s.value?.kind === "call") checkLoss(s.value, trained, scope);
      else wrong("is no loss with its arguments", "write `loss mse(y, target: [T, D])`");
      return;
    case "optimizer":
      checkNamed(s, OPTIMISER_SETTINGS, "optimiser", scope);
      return;
    case "schedule":
      checkNamed(s, SCHEDULES, "schedule", scope);
      return;
    case "clip": {
      const words: readonly string[] = CLIPS;
      if (s.word === null) {
        wrong("does not say what it clips", "write `clip norm 1.0` or `clip value 1.0`");
      } else if (!words.includes(s.word.text)) {
        const help = `write ${list(
          CLIPS.map((c) => `\`clip ${c} 1.0\``),
          "or",
        )}`;
        const label = "clips the norm of all gradients, or each value";
        const message = `no clipping \`${s.word.text}\``;
        scope.report(error("E236", s.word.span, message, { label, help }));
      } else if (s.value === null) wrong("needs a number", `write \`clip ${s.word.text} 1.0\``);
      else checkNumber(s.value, { least: 0, whole: false }, wrong, scope);
      return;
    }
    default:
      if (!isNumberKey(key)) return;
      if (s.value === null) wrong("needs a number", `write \`${key} ${NUMBERS[key].least + 1}\``);
      else checkNumber(s.value, { ...NUMBERS[key], whole: true }, wrong, scope);
  }
}

const isNumberKey = (key: string): key is keyof typeof NUMBERS => Object.hasOwn(NUMBERS, key);

function checkNumber(
  e: Expr,
  want: { readonly least: number; readonly whole: boolean },
  wrong: (label: string, help: string, at: Span) => void,
  scope: Settings,
): void {
  const range = scope.constant(e);
  if (range === null || range.lo !== range.hi) return;
  const sound = want.whole
    ? Number.isSafeInteger(range.lo) && range.lo >= want.least
    : range.lo > want.least && Number.isFinite(range.lo);
  const kind = want.whole
    ? `a whole number of at least ${want.least}`
    : `a number above ${want.least}`;
  if (!sound) wrong(`is ${range.lo}`, `write ${kind}`, e.span);
}

/** `adam(lr = 1e-3)`, or a bare `adam`. */
function checkNamed(s: TrainSetting, table: Vocabulary, what: string, scope: Settings): void {
  const e = s.value;
  if (e?.kind === "ref" && e.lag === null) {
    checkCall({ text: e.name, span: e.span }, [], e.span, table, what, scope);
  } else if (e?.kind === "call") checkCall(e.callee, e.args, e.span, table, what, scope);
  else {
    const label = `is no ${what}`;
    const help = `known are ${[...table.keys()].join(", ")}`;
    scope.report(error("E237", s.span, `\`${s.key.text}\` in ${scope.where}`, { label, help }));
  }
}

/** A name of the table with numbers by name; false where a mistake was reported. */
function checkCall(
  name: Extract<Expr, { kind: "call" }>["callee"],
  args: readonly Arg[],
  span: Span,
  table: Vocabulary,
  what: string,
  scope: Settings,
): boolean {
  const settings = table.get(name.text);
  if (settings === undefined) {
    scope.report(
      error("E236", name.span, `no ${what} \`${name.text}\``, {
        label: "is not known",
        help: didYouMean(name.text, table.keys()) ?? `known are ${[...table.keys()].join(", ")}`,
      }),
    );
    return false;
  }
  const usage = `${name.text}(${settings.map((s) => `${s.name} = …`).join(", ")})`;
  const positional = args.find((a) => a.kind === "positional");
  if (positional !== undefined) {
    const label = "does not say which setting it is";
    const message = `wrong arguments to \`${name.text}\``;
    scope.report(error("E220", positional.span, message, { label, help: `write \`${usage}\`` }));
    return false;
  }
  const split = splitArguments(name, { usage, arity: 0, settings }, args, false, span, scope);
  return split !== null && checkSettings(name, settings, split.settings, scope) !== null;
}

/** `cross_entropy(y, labels: [T] of K)`: an output, a target, and the loss's own numbers. */
function checkLoss(e: Extract<Expr, { kind: "call" }>, trained: Trained, scope: Settings): void {
  const name = e.callee.text;
  const numbers = e.args.filter((a) => a.kind === "named");
  if (!checkCall(e.callee, numbers, e.span, LOSS_SETTINGS, "loss", scope)) return;
  const predictions = e.args.flatMap((a) => (a.kind === "positional" ? [a.value] : []));
  const targets = e.args.flatMap((a) => (a.kind === "target" ? [a] : []));
  const [prediction] = predictions;
  const [target] = targets;
  if (prediction === undefined || target === undefined || predictions.length + targets.length > 2) {
    scope.report(
      error("E237", e.span, `\`loss\` in ${scope.where}`, {
        label: "takes one prediction and one target",
        help: `write \`${name}(y, target: […])\``,
      }),
    );
    return;
  }
  const output = prediction.kind === "ref" && prediction.lag === null ? prediction.name : null;
  const type = output === null ? undefined : trained.outputs.get(output);
  if (type === undefined) {
    const outputs = [...trained.outputs.keys()];
    scope.report(
      error("E238", prediction.span, `the prediction is no output of the ${trained.kind}`, {
        label: outputs.length === 0 ? "there is none" : `the outputs are ${outputs.join(", ")}`,
        help: (output && didYouMean(output, outputs)) ?? "name it with `output`",
      }),
    );
    return;
  }
  if (type !== null) checkTarget(name, type, target, trained, scope);
}

function checkTarget(
  loss: string,
  prediction: Type,
  target: Extract<Arg, { kind: "target" }>,
  trained: Trained,
  scope: Settings,
): void {
  const rule = targetRule(loss);
  const [first, ...rest] = target.shape.dims;
  const seq =
    first?.kind === "dim-name" && isSequence(first.name, trained.dims) ? first.name : null;
  const dims = { ...scope, known: trained.dims, lengths: new Set<string>() };
  const shape = shapeOf(seq === null ? target.shape : { ...target.shape, dims: rest }, dims);
  const of = target.of === null ? null : readDim(target.of, dims);
  if (shape === null || (target.of !== null && of === null)) return;
  const got: Type = { seq, shape, of };
  const wanted = wantedTarget(rule, prediction, got);
  const cell = trained.kind === "cell" && seq !== null && prediction.seq !== null;
  const sameSeq = cell || (rule === "labels" ? seq !== null : seq === wanted?.seq);
  const ofFits = wanted?.of == null ? of === null : of !== null && sameShape([of], [wanted.of]);
  if (wanted !== null && sameSeq && ofFits && sameShape(shape, wanted.shape)) return;
  scope.report(
    error("E239", target.span, `target \`${target.name.text}\` does not fit the prediction`, {
      label:
        wanted === null
          ? `the prediction is ${showType(prediction)}, and \`${loss}\` needs an axis of classes`
          : `is ${showType(got)}, but the prediction is ${showType(prediction)}`,
      help: wanted === null ? null : `write \`${target.name.text}: ${showType(wanted)}\``,
    }),
  );
}

/** The target that the loss needs; null where it can have none for this prediction. */
function wantedTarget(
  rule: ReturnType<typeof targetRule>,
  prediction: Type,
  got: Type,
): Type | null {
  if (rule === "same") return prediction;
  const classes = prediction.shape.at(-1);
  if (classes === undefined) return null;
  if (rule === "class") return { ...prediction, shape: prediction.shape.slice(0, -1), of: classes };
  const own = got.seq !== null && got.seq !== prediction.seq ? got.seq : "L";
  return prediction.seq === null ? null : { seq: own, shape: [], of: classes };
}
