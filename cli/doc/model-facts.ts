/** @file A model's definitions and its training. In: a checked model. Out: them as data; the picture of what
 *  flows through its layers. Never what a layer is inside: its cell has a page of its own. */
import { expressions } from "../../compiler/1-resolve/visit.ts";
import type { Checked } from "../../compiler/2-check/checked.ts";
import type { Arg, Equation, Expr, ModelDecl, OutputDecl, TrainDecl } from "../../grammar/ast.ts";
import { latexOf } from "../../grammar/latex.ts";
import { latexOfName } from "../../grammar/latex-names.ts";
import { printOf, printShape } from "../../grammar/print-expression.ts";
import { type Diagram, draft, type NodeId } from "./diagram.ts";
import { connect, type FlowScope, isConstant, type Source, source } from "./flow.ts";
import { upright } from "./ink.ts";
import { initialiserText, written } from "./text.ts";

export interface ModelFacts {
  readonly inputs: readonly { readonly name: string; readonly shape: string }[];
  readonly definitions: readonly {
    readonly name: string;
    readonly output: boolean;
    readonly text: string;
    readonly latex: { readonly left: string; readonly right: string };
    readonly line: number;
  }[];
  /** Declared by the model itself; those of its layers are among the tensors of `work`. */
  readonly parameters: readonly {
    readonly name: string;
    readonly shape: string;
    readonly initialiser: string;
  }[];
  readonly cells: readonly string[];
  /** Lines of the train block; null where the file has none. */
  readonly training: readonly { readonly setting: string; readonly value: string }[] | null;
}

export function modelFacts(
  checked: Checked,
  model: ModelDecl,
  train: TrainDecl | null,
): { readonly facts: ModelFacts; readonly diagram: Diagram } {
  const definitions = model.members.flatMap((m) => definition(m));
  const used = definitions.flatMap(({ value }) => [...expressions(value)].flatMap(cellName));
  const facts: ModelFacts = {
    inputs: model.members.flatMap((m) =>
      m.kind !== "input"
        ? []
        : m.names.map((n) => ({ name: n.text, shape: `${printShape(m.shape)}${printOf(m.of)}` })),
    ),
    definitions: definitions.map(({ name, output, value, line }) => ({
      name,
      output,
      text: `${name} = ${written(value)}`,
      latex: { left: latexOfName(name), right: latexOf(value) },
      line,
    })),
    parameters: model.members.flatMap((m) =>
      m.kind !== "param"
        ? []
        : m.names.map((n) => ({
            name: n.text,
            shape: printShape(m.shape),
            initialiser: initialiserText(m.initialiser),
          })),
    ),
    cells: [...new Set(used)].filter((name) => checked.cells.has(name)),
    training:
      train?.settings.map(({ key, word, value }) => ({
        setting: key.text,
        value: [word?.text, value === null ? null : written(value)]
          .filter((x) => x != null)
          .join(" "),
      })) ?? null,
  };
  return { facts, diagram: flowDiagram(model, definitions) };
}

interface Definition {
  readonly name: string;
  readonly output: boolean;
  readonly value: Expr;
  readonly line: number;
}

function definition(
  m: ModelDecl["members"][number] | Equation | OutputDecl,
): readonly Definition[] {
  const { line } = m.span;
  if (m.kind === "equation") return [{ name: m.name.text, output: false, value: m.value, line }];
  if (m.kind !== "output" || m.value === null) return [];
  return m.names.map((n) => ({ name: n.text, output: true, value: m.value!, line }));
}

function cellName(e: Expr): readonly string[] {
  if (e.kind === "apply-dims" || e.kind === "call") return [e.callee.text];
  return e.kind === "ref" && e.lag === null ? [e.name] : [];
}

function flowDiagram(model: ModelDecl, definitions: readonly Definition[]): Diagram {
  const graph = draft();
  const known = new Map<string, NodeId>();
  const made = new Map<Expr, Source | null>();
  for (const m of model.members) {
    if (m.kind !== "input") continue;
    for (const { text } of m.names) {
      const shape = `${printShape(m.shape)}${printOf(m.of)}`;
      const title = `input ${text}: ${shape}`;
      graph.node({ id: text, kind: "input", name: upright(text), sign: upright(shape), title });
      known.set(text, text);
    }
  }
  const scope: FlowScope = {
    draft: graph,
    scalars: new Set(),
    node: (ref) => known.get(ref.name) ?? null,
    isParam: () => false,
    layer: (e) => {
      if (!made.has(e)) made.set(e, layer(e, scope));
      return made.get(e)!;
    },
  };
  for (const { name, output, value } of definitions) {
    if (isConstant(value, scope)) continue;
    const title = `${name} = ${written(value)}`;
    const kind = output ? "output" : "value";
    graph.node({ id: name, kind, name: upright(name), sign: null, title });
    connect(name, value, null, scope);
    known.set(name, name);
  }
  return graph.finish();
}

/** A pipe's right side, fed by its left; `e.final.h` is e with what is taken of it. */
function layer(e: Expr, scope: FlowScope): Source | null {
  if (e.kind === "member") {
    const object = source(e.object, scope);
    const taken = upright(`.${e.name.text}`);
    if (object === null) return null;
    const [inner = []] = object.labels;
    return { id: object.id, labels: [[...inner, ...taken]] };
  }
  if (e.kind !== "pipe") return null;
  const { right } = e;
  const call = right.kind === "call" ? right : null;
  const args = (call?.args ?? []).filter((a) => a.kind === "target" || isConstant(a.value, scope));
  const inside = args.map(argText).join(", ");
  const id = scope.draft.node({
    id: `layer at ${right.span.start}`,
    kind: "layer",
    name: upright(call === null ? written(right) : call.callee.text),
    sign: inside === "" ? null : upright(inside),
    title: written(right),
  });
  connect(id, e.left, null, scope);
  for (const a of call?.args ?? []) feed(id, a, scope);
  return { id, labels: [] };
}

/** Values given by name: a memory, initial states. */
function feed(to: NodeId, a: Arg, scope: FlowScope): void {
  if (a.kind === "target" || isConstant(a.value, scope)) return;
  const name = a.kind === "named" ? a.name.text : "";
  if (a.value.kind !== "record") connect(to, a.value, upright(name), scope);
  else
    for (const f of a.value.fields) connect(to, f.value, upright(`${name} ${f.name.text}`), scope);
}

function argText(a: Arg): string {
  if (a.kind === "target") return a.name.text;
  return a.kind === "named" ? `${a.name.text} = ${written(a.value)}` : written(a.value);
}
