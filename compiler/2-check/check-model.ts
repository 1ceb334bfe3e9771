/** @file Checking a model. In: its declaration, the checked cells. Out: the model with its members in an
 *  order that lowering can follow, the types of its values, and reports of all its mistakes. */
import type { Expr, ModelDecl, Name } from "../../grammar/ast.ts";
import { type Diagnostic, error, warning } from "../../grammar/diagnostic.ts";
import { duplicate, type Library } from "../1-resolve/load.ts";
import { didYouMean, type Report } from "../1-resolve/report.ts";
import { dimNames, expressions, expressionsOf } from "../1-resolve/visit.ts";
import { constBounds } from "./consts.ts";
import { type DimValues, symbols } from "./dims.ts";
import { typeOf } from "./expr.ts";
import { checkInitialiser } from "./initialisers.ts";
import { type ModelNames, modelScope } from "./model-scope.ts";
import { order } from "./order.ts";
import type { CellTypes } from "./cell-use.ts";
import { type Scope, tokensOut } from "./scope.ts";
import { checkDimParams, type Dims, readDim, shapeOf } from "./shapes.ts";
import { real, SCALAR, type Type } from "./types.ts";

const KINDS = {
  input: "an input",
  param: "a parameter",
  const: "a constant",
  equation: "an equation",
  output: "an output",
} as const;

type Member = ModelDecl["members"][number];

export interface CheckedModel {
  readonly model: ModelDecl;
  readonly types: ReadonlyMap<string, Type | null>;
  readonly outputs: readonly string[];
}

export function checkModel(
  model: ModelDecl,
  cells: CellTypes,
  library: Library,
  reportAll: Report,
  sized?: {
    readonly sizes: DimValues;
    readonly instance: NonNullable<Scope["instance"]>;
  },
): CheckedModel {
  const errors: Diagnostic[] = [];
  const report: Report = (d) => {
    errors.push(d);
    reportAll(d);
  };
  const where = `model \`${model.name.text}\``;
  const sequences = sequencesOf(model);
  const known = sized?.sizes ?? symbols(model.dims.map((d) => d.name.text));
  const dims: Dims = { report, where, known, lengths: sequences };
  checkDimParams(model.dims, dims);
  const declared = declaredNames(model, report);
  const types = new Map<string, Type | null>();
  for (const m of model.members) declareTypes(m, dims, types);
  const other = (name: string) => declared.has(name);
  const consts = constBounds({ consts: constsOf(model), dims: known, other, report });
  const names: ModelNames = {
    ...{ where, declared, types, dims: known, sequences },
    ...{ library, report, cells, consts, instance: sized?.instance ?? null },
  };

  const values = new Map<string, Expr>();
  for (const m of model.members) {
    const [name] = namesOf(m);
    const value = valueIn(m);
    if (name !== undefined && value !== null && declared.get(name.text) === m) {
      values.set(name.text, value);
    }
  }
  const { names: ordered, cycles } = order(values, (e) => e.lag === null || e.lag === 0);
  for (const cycle of cycles) {
    if (declared.get(cycle[0]!.from)?.kind === "const") continue;
    const chain = [cycle[0]!.from, ...cycle.map((r) => r.to)].map((n) => `\`${n}\``).join(" → ");
    report(
      error("E216", cycle[0]!.at.span, `\`${cycle[0]!.from}\` needs itself`, {
        label: chain,
        help: "in a model, what comes round again is a cell's state",
      }),
    );
  }
  for (const name of ordered) checkValue(name, values.get(name)!, declared.get(name)!, names);
  for (const m of model.members) checkMember(m, names);
  checkInterface(model, names);
  // What a mistake left unused is not worth a warning.
  if (errors.length === 0) warnUnused(model, names);
  return {
    model: { ...model, members: inOrder(model.members, ordered, declared) },
    types,
    outputs: model.members.flatMap((m) => (m.kind === "output" ? m.names.map((n) => n.text) : [])),
  };
}

/** The first extents of inputs that are no dims: `T` of `[T, D]`. */
function sequencesOf(model: ModelDecl): ReadonlySet<string> {
  const dims = symbols(model.dims.map((d) => d.name.text));
  const firsts = model.members.flatMap((m) => (m.kind === "input" ? m.shape.dims.slice(0, 1) : []));
  return new Set(
    firsts.flatMap((d) => (d.kind === "dim-name" && isSequence(d.name, dims) ? [d.name] : [])),
  );
}

/** A sequence is named by a word with a capital that is no dim. */
export const isSequence = (name: string, dims: DimValues): boolean =>
  /^[A-Z]/.test(name) && !dims.has(name);

function declaredNames(model: ModelDecl, report: Report): ReadonlyMap<string, Member> {
  const declared = new Map<string, Member>();
  const spans = new Map(model.dims.map((d) => [d.name.text, d.name.span]));
  for (const m of model.members) {
    if (m.kind === "output" && m.value === null) continue;
    for (const n of namesOf(m)) {
      const before = spans.get(n.text);
      if (before !== undefined) report(duplicate(n.text, n.span, before));
      else {
        spans.set(n.text, n.span);
        declared.set(n.text, m);
      }
    }
  }
  return declared;
}

/** Types of what is declared with a shape; values follow from what they say. */
function declareTypes(m: Member, dims: Dims, types: Map<string, Type | null>): void {
  if (m.kind === "const") types.set(m.name.text, SCALAR);
  if (m.kind === "param") {
    const shape = shapeOf(m.shape, dims);
    for (const n of m.names) types.set(n.text, shape === null ? null : real(shape));
  }
  if (m.kind === "input") {
    const [first, ...rest] = m.shape.dims;
    const seq = first?.kind === "dim-name" && dims.lengths.has(first.name) ? first.name : null;
    const shape = shapeOf(seq === null ? m.shape : { ...m.shape, dims: rest }, dims);
    const of = m.of === null ? null : readDim(m.of, dims);
    const sound = shape !== null && (m.of === null || of !== null);
    for (const n of m.names) types.set(n.text, sound ? { seq, shape, of } : null);
  }
}

function checkValue(name: string, value: Expr, m: Member, names: ModelNames): void {
  if (m.kind === "const") return;
  const what = m.kind === "equation" ? m.role : m.kind;
  const where = `${what} \`${name}\``;
  names.types.set(name, typeOf(value, modelScope(names, where)));
  if ((m.kind !== "equation" && m.kind !== "output") || (!m.timed && what !== "state")) return;
  const at = namesOf(m)[0]!.span;
  const message = m.timed ? "models have no `[t]`" : "models have no states of their own";
  const label = m.timed ? "a name in a model is a whole sequence" : "is not declared";
  const help = `write \`${what === "output" ? "output" : "let"} ${name} = …\``;
  names.report(error("E231", at, message, { label, help }));
}

function checkMember(m: Member, names: ModelNames): void {
  if (m.kind === "param") {
    const scope = modelScope(names, `param \`${m.names[0]?.text}\``);
    checkInitialiser(m.initialiser, names.types.get(m.names[0]?.text ?? "")?.shape ?? null, scope);
  }
  if (m.kind === "const") names.consts(m.name.text);
}

function checkInterface(model: ModelDecl, names: ModelNames): void {
  const { where, report, declared } = names;
  const outputs = model.members.flatMap((m) => (m.kind === "output" ? [m] : []));
  for (const n of outputs.flatMap((m) => (m.value === null ? m.names : []))) {
    const m = declared.get(n.text);
    if (m?.kind === "equation" || m?.kind === "input" || m?.kind === "output") continue;
    report(
      error("E222", n.span, `${where} does not compute \`${n.text}\``, {
        label: m === undefined ? "is not declared" : `is ${KINDS[m.kind]}`,
        help: didYouMean(n.text, declared.keys()) ?? `write \`output ${n.text} = …\``,
      }),
    );
  }
  for (const n of outputs.flatMap((m) => m.names)) {
    const type = names.types.get(n.text);
    if (type?.of != null) report(tokensOut(n.text, n.span));
  }
  if (outputs.length === 0) {
    report(
      error("E222", model.name.span, `${where} has no output`, {
        label: "computes nothing",
        help: "add `output y = …`",
      }),
    );
  }
  if (!model.members.some((m) => m.kind === "input")) {
    report(
      error("E233", model.name.span, `${where} has no input`, {
        label: "nothing flows in",
        help: "add `input x: [T, D]`",
      }),
    );
  }
}

function warnUnused(model: ModelDecl, { declared, where, report }: ModelNames): void {
  const all = expressionsOf(model).flatMap((e) => [...expressions(e)]);
  const refs = all.flatMap((e) => (e.kind === "ref" ? [e.name] : []));
  const written = all.flatMap((e) =>
    e.kind === "apply-dims" || e.kind === "call" ? (e.dims ?? []) : [],
  );
  const inShapes = model.members.flatMap((m) => {
    if (m.kind === "input") return [...m.shape.dims, ...(m.of === null ? [] : [m.of])];
    return m.kind === "param" ? m.shape.dims : [];
  });
  const defaults = model.dims.flatMap((d) => (d.default === null ? [] : [d.default]));
  const outputs = model.members.flatMap((m) => (m.kind === "output" ? m.names : []));
  const used = new Set([
    ...refs,
    ...[...written, ...inShapes, ...defaults].flatMap(dimNames),
    ...outputs.map((n) => n.text),
  ]);
  const unused = (n: Name, what: string) => {
    if (used.has(n.text)) return;
    const words = { label: `${what} that nothing reads`, help: "remove it, or use it" };
    report(warning("W202", n.span, `\`${n.text}\` is never used in ${where}`, words));
  };
  for (const d of model.dims) unused(d.name, "a dim");
  for (const [name, m] of declared) {
    const at = namesOf(m).find((n) => n.text === name);
    if (at !== undefined) unused(at, m.kind === "equation" ? `a \`${m.role}\`` : KINDS[m.kind]);
  }
}

/** Inputs, consts, params, values, outputs of values: each after what it reads. */
function inOrder(
  members: readonly Member[],
  ordered: readonly string[],
  declared: ReadonlyMap<string, Member>,
): readonly Member[] {
  const values = ordered.map((name) => declared.get(name)!);
  return [
    ...members.filter((m) => m.kind === "input"),
    ...values.filter((m) => m.kind === "const"),
    ...members.filter((m) => m.kind === "param"),
    ...values.filter((m) => m.kind !== "const"),
    ...members.filter((m) => m.kind === "output" && m.value === null),
  ];
}

const constsOf = (model: ModelDecl) =>
  new Map(model.members.flatMap((m) => (m.kind === "const" ? [[m.name.text, m] as const] : [])));

function valueIn(m: Member): Expr | null {
  return m.kind === "equation" || m.kind === "const" || m.kind === "output" ? m.value : null;
}

function namesOf(m: Member): readonly Name[] {
  return m.kind === "equation" || m.kind === "const" ? [m.name] : m.names;
}
