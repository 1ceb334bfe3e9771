/** @file From checked declarations to IR. In: an entry, values for its dims, what kind of graph is
 *  wanted. Out: the graph of one program and what the artifact says of it. Never optimises. */
import type { ValueInfo } from "../../runtime/artifact/artifact.ts";
import type { ModelDecl, TrainDecl } from "../../grammar/ast.ts";
import type { Checked, FlatCell } from "../2-check/checked.ts";
import { invariant } from "../ir/invariant.ts";
import type { Dim, Graph, NodeId } from "../ir/ir.ts";
import { type Build, createBuild, NotStreamable, type Options } from "./build.ts";
import { lowerCell } from "./cell.ts";
import { addInput } from "./declare.ts";
import { evalDim, evalShape } from "./dims.ts";
import { type Flow, flow, inside } from "./flow.ts";
import { lowerLoss } from "./loss.ts";
import { lowerModel, type ModelResult } from "./model.ts";
import type { Places } from "./places.ts";

export interface Entry {
  readonly name: string;
  readonly decl: FlatCell | ModelDecl;
  readonly kind: "cell" | "model";
  readonly direction: "forward" | "backward";
  /** A number for every dim of the declaration. */
  readonly dims: Readonly<Record<string, number>>;
  readonly train: TrainDecl | null;
}

export interface Lowered {
  readonly graph: Graph;
  /** While streaming: the graph of the states before the first step. */
  readonly start: Graph;
  readonly build: Build;
  readonly outputs: readonly ValueInfo[];
}

/** The entry's outputs and final states; with `loss`, the loss of its train block too. */
export function lower(
  checked: Checked,
  entry: Entry,
  options: Options,
  places: Places,
  loss: boolean,
): Lowered {
  const build = createBuild(checked, options, places);
  const { outputs, flows } =
    entry.kind === "cell" ? cellEntry(build, entry) : modelEntry(build, entry);
  const keyed = outputs.map((o) => ({ key: `output:${o.name}`, id: o.id }));
  for (const { name, id } of build.taps) keyed.push({ key: `trace:${name}`, id });
  if (loss) {
    invariant(entry.train !== null, "a loss without a train block");
    keyed.push({ key: "loss", id: lowerLoss(build, entry.train, entry.dims, flows) });
  }
  return {
    graph: build.b.finish([...keyed, ...build.carried]),
    start: build.b.finish(build.starts),
    build,
    outputs: outputs.map((o) => {
      const type = build.b.type(o.id);
      return { name: o.name, seq: type.seq, shape: type.shape, place: o.place };
    }),
  };
}

interface EntryResult {
  readonly outputs: readonly {
    readonly name: string;
    readonly id: NodeId;
    readonly place: number;
  }[];
  readonly flows: ReadonlyMap<string, Flow>;
}

/** A cell by itself runs over T, its memories over the sequences their declarations name. */
function cellEntry(build: Build, entry: Entry): EntryResult {
  const cell = entry.decl;
  invariant("states" in cell, "a cell is flat");
  const { dims } = entry;
  if (build.options.streaming && entry.direction === "backward") {
    const at = cell.lineage[0]?.name.span ?? cell.inputs[0]?.span;
    invariant(at !== undefined, "a cell without a place");
    throw new NotStreamable("it runs backward over time", at);
  }
  const inputs = new Map<string, NodeId>();
  for (const i of cell.inputs) {
    const of = i.of === null ? null : evalDim(i.of, dims);
    invariant(typeof of !== "string", "the number of classes is a number");
    const dtype = of === null ? ("real" as const) : ("index" as const);
    const type = { seq: "T", batch: true, shape: evalShape(i.shape, dims), dtype };
    inputs.set(i.name, addInput(build, i.name, type, of, false, i.span));
  }
  const memories = new Map<string, NodeId>();
  for (const m of cell.memories) {
    const type = {
      seq: null,
      batch: true,
      shape: evalShape(m.shape, dims),
      dtype: "real" as const,
    };
    const node = addInput(build, m.name, type, null, true, m.span);
    memories.set(m.name, insideMemory(build, node, type.shape));
  }
  const reverse = entry.direction === "backward";
  const r = lowerCell(build, {
    cell,
    dims,
    prefix: "",
    inputs,
    memories,
    init: new Map(),
    seq: "T",
    reverse,
  });
  const outputs = cell.outputs.map((o) => {
    const id = r.outputs.get(o.name);
    invariant(id !== undefined, `no output ${o.name}`);
    return { name: o.name, id, place: build.places.add(`output ${o.name}`, o.span) };
  });
  return { outputs, flows: new Map([...r.outputs].map(([name, id]) => [name, flow(id)])) };
}

/** Memory past a sample's own length is zero, whatever the caller padded it with. */
function insideMemory(build: Build, node: NodeId, shape: readonly Dim[]): NodeId {
  const [seq, ...rest] = shape;
  invariant(typeof seq === "string", "a memory's first dim is a sequence");
  const length = build.length(seq);
  if (length === null) return node;
  const { b } = build;
  const valid = b.apply("valid", [length], { seq });
  const axes = rest.map((_, i) => i + 1);
  const wide = b.apply("expand", [valid], { axes, dims: rest, seq: "", batch: false });
  return b.apply("where", [wide, node, b.lit(0)]);
}

function modelEntry(build: Build, entry: Entry): EntryResult {
  invariant(!("states" in entry.decl), "a model");
  const r = lowerModel(build, entry.decl, entry.dims);
  const outputs = r.outputs.map((o) => ({
    name: o.name,
    id: o.id,
    place: build.places.add(`output ${o.name}`, o.span),
  }));
  if (build.options.taps) addModelTaps(build, entry.decl, r);
  return { outputs, flows: r.flows };
}

/** The model's own values that are sequences: its equations, and outputs that are none of them. */
function addModelTaps(build: Build, model: ModelDecl, result: ModelResult): void {
  const values = model.members.flatMap((m) => {
    const id = m.kind === "equation" ? result.flows.get(m.name.text)?.node : undefined;
    return m.kind !== "equation" || id === undefined
      ? []
      : [{ name: m.name.text, role: "let" as const, id, span: m.span }];
  });
  const outputs = result.outputs.map((o) => ({ ...o, role: "output" as const }));
  const known = new Set<string>();
  for (const { name, role, id, span } of [...values, ...outputs]) {
    if (build.b.type(id).seq === null || known.has(name)) continue;
    known.add(name);
    const place = build.places.add(`${role} ${name}`, span);
    build.taps.push({ name, role, layer: null, id: inside(build, id), inBody: null, place });
  }
}
