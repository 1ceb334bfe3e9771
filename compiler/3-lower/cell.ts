/** @file A cell over a sequence, or one step of it. In: a flat cell, its dims, what flows in. Out: a scan
 *  (or, streaming, the step itself) with outputs and final states. Never knows what the cell is. */
import type { Span } from "../../grammar/span.ts";
import type { FlatCell, FlatState } from "../2-check/checked.ts";
import type { Builder } from "../ir/builder.ts";
import { invariant } from "../ir/invariant.ts";
import { type NodeId, real, type Tensor } from "../ir/ir.ts";
import { type Build, slotName } from "./build.ts";
import { constantOf, type Dims, evalShape, numbers } from "./dims.ts";
import { lowerExpr, numeric } from "./expr.ts";
import { addParam, addRandom } from "./declare.ts";
import type { Scope } from "./scope.ts";
import { broadcastTo } from "./types.ts";

/** Everything a cell is given from outside; ids are of the main graph. */
export interface CellUse {
  readonly cell: FlatCell;
  readonly dims: Dims;
  /** Before every parameter's and state's name: "" for an entry, "e.LSTM." in a model. */
  readonly prefix: string;
  readonly inputs: ReadonlyMap<string, NodeId>;
  readonly memories: ReadonlyMap<string, NodeId>;
  /** Initial values that a model computes, by state. */
  readonly init: ReadonlyMap<string, NodeId>;
  readonly seq: string;
  readonly reverse: boolean;
}

export interface CellResult {
  readonly outputs: ReadonlyMap<string, NodeId>;
  readonly finals: ReadonlyMap<string, NodeId>;
}

export function lowerCell(build: Build, use: CellUse): CellResult {
  const outside = outerScope(build, use);
  const states = use.cell.states.map((s) => declareState(build, use, outside, s));
  return build.options.streaming
    ? oneStep(build, use, outside, states)
    : overTime(build, use, outside, states);
}

interface State {
  readonly decl: FlatState;
  readonly name: string;
  readonly type: Tensor;
  /** Values before the first step, slot 1 first. */
  readonly starts: readonly NodeId[];
}

/** Params, consts, memories and equations without `[t]`: once for the whole sequence. */
function outerScope(build: Build, use: CellUse): Scope {
  const { b } = build;
  const { cell, dims } = use;
  const values = new Map<string, NodeId>(use.memories);
  const consts = new Map(cell.consts.map((c) => [c.name.text, c.value]));
  function number(name: string): number | null {
    const c = consts.get(name);
    return c === undefined ? numeric(dims[name]) : constantOf(c, number);
  }
  for (const p of cell.params) {
    const shape = numbers(evalShape(p.shape, dims));
    values.set(p.name, addParam(build, use.prefix + p.name, shape, p.initialiser, p.span, number));
  }
  const scope: Scope = {
    build,
    b,
    dims,
    number,
    flow: null,
    outer: (id) => id,
    random: (type, keep) => addRandom(build, use.prefix, type, keep, null),
    value(name) {
      const id = values.get(name);
      if (id !== undefined) return id;
      const c = number(name);
      invariant(c !== null, `nothing is called ${name} in ${cell.name}`);
      return b.lit(c);
    },
  };
  for (const eq of cell.equations) {
    if (eq.timed) continue;
    values.set(
      eq.name.text,
      b.within(eq.span, use.prefix + eq.name.text, () => lowerExpr(scope, eq.value)),
    );
  }
  return scope;
}

function declareState(build: Build, use: CellUse, outside: Scope, decl: FlatState): State {
  const { b, options } = build;
  const name = use.prefix + decl.name;
  const shape = numbers(evalShape(decl.shape, use.dims));
  const type = real(shape, true);
  const given = use.init.get(decl.name);
  const constant = given === undefined ? constantInit(decl, outside) : null;
  const place = build.places.add(`state ${name}`, decl.span);
  build.states.push({ name, shape, lags: decl.lags, initial: constant, place });
  const slots = [...Array(decl.lags).keys()].map((i) => i + 1);
  const computed =
    constant !== null ? null : (given ?? computedInit(build, use, outside, decl, type));
  if (options.streaming) {
    const first = startValue(build, decl, type, name, name, computed);
    for (const k of slots) build.starts.push({ key: `state:${slotName(name, k)}`, id: first });
    return {
      decl,
      name,
      type,
      starts: slots.map((k) => b.leaf(`state:${slotName(name, k)}`, type)),
    };
  }
  const starts = slots.map((k) =>
    startValue(build, decl, type, name, options.slots ? slotName(name, k) : name, computed),
  );
  return { decl, name, type, starts };
}

/**
 * What a slot holds before the first step: the caller's `initial:S`, which the runtime fills with
 * StateInfo.initial by default; where the value is computed, `given:S` chooses between the two.
 */
function startValue(
  build: Build,
  decl: FlatState,
  type: Tensor,
  name: string,
  slot: string,
  computed: NodeId | null,
): NodeId {
  const { b } = build;
  const leaf = build.leaf(`initial:${slot}`, type);
  if (computed === null) return leaf;
  const given = build.leaf(`given:${name}`, real([]));
  return b.within(decl.span, null, () =>
    b.apply("where", [given, leaf, broadcastTo(b, computed, type)]),
  );
}

function constantInit(decl: FlatState, outside: Scope): number | null {
  if (decl.init === null) return 0;
  if (decl.init.kind === "learn") return null;
  const e = decl.init.expr;
  if (e.kind === "ref" && (e.name === "zeros" || e.name === "ones"))
    return e.name === "ones" ? 1 : 0;
  return constantOf(e, outside.number);
}

function computedInit(
  build: Build,
  use: CellUse,
  outside: Scope,
  decl: FlatState,
  type: Tensor,
): NodeId {
  const { init } = decl;
  invariant(init !== null, "a state without an initial value starts from 0");
  if (init.kind === "value") return lowerExpr(outside, init.expr);
  const name = `${use.prefix}initial.${decl.name}`;
  return addParam(build, name, numbers(type.shape), init.initialiser, init.span, outside.number);
}

/** The scan: states are carries (a slot a lag), inputs slices, all else consts. */
function overTime(
  build: Build,
  use: CellUse,
  outside: Scope,
  states: readonly State[],
): CellResult {
  const { b } = build;
  const body = b.body();
  const slices: { arg: NodeId; of: NodeId }[] = [];
  const consts: { arg: NodeId; of: NodeId }[] = [];
  const seen = new Map<NodeId, NodeId>();
  const outer = (id: NodeId): NodeId => {
    const known = seen.get(id);
    if (known !== undefined) return known;
    const node = b.node(id);
    if (node.kind === "const") return body.lit(node.value);
    const arg = body.leaf("arg", { ...node.type, seq: null });
    (node.type.seq === null ? consts : slices).push({ arg, of: id });
    seen.set(id, arg);
    if (node.name !== undefined) body.named(arg, node.name);
    return arg;
  };
  const before = states.map((s) =>
    s.starts.map(() => body.named(body.leaf("arg", s.type), s.name)),
  );
  const length = build.length(use.seq);
  const valid =
    build.options.masked && length !== null
      ? outer(b.apply("steps", [length], { seq: use.seq, of: "valid" }))
      : null;
  const now = equations(use, outside, body, outer, states, before, use.seq);
  const kept = (id: NodeId, type: Tensor, old: NodeId): NodeId => {
    const value = broadcastTo(body, id, type);
    return valid === null ? value : body.apply("where", [valid, value, old]);
  };
  const carries = states.flatMap((s, i) =>
    s.starts.map((init, k) => {
      const arg = at(at(before, i), k);
      const next = k === 0 ? now(s.decl.name) : at(at(before, i), k - 1);
      return { arg, init, next: kept(next, s.type, arg) };
    }),
  );
  const collected = (name: string): NodeId => {
    const value = now(name);
    const whole = broadcastTo(body, value, { ...body.type(value), batch: true });
    return valid === null ? whole : body.apply("where", [valid, whole, body.lit(0)]);
  };
  const collects = use.cell.outputs.map((o) => collected(o.name));
  const tapped = build.options.taps ? named(use.cell) : [];
  const scan = b.scan({
    over: use.seq,
    reverse: use.reverse,
    carries,
    slices,
    consts,
    collects: [...collects, ...tapped.map((eq) => collected(eq.name.text))],
    sums: [],
    body,
  });
  for (const [i, { name, role, span }] of tapped.entries()) {
    const { cell, prefix, reverse, dims } = use;
    build.taps.push({
      name: prefix + name.text,
      role,
      layer: { cell: cell.name, prefix, reverse, dims },
      id: b.item(scan, carries.length + collects.length + i),
      inBody: now(name.text),
      place: build.places.add(`${role} ${prefix}${name.text}`, span),
    });
  }
  const outputs = new Map(
    use.cell.outputs.map((o, i) => [
      o.name,
      b.named(b.item(scan, carries.length + i), use.prefix + o.name),
    ]),
  );
  const finals = new Map<string, NodeId>();
  let index = 0;
  for (const s of states) {
    for (const k of s.starts.keys()) {
      const id = b.item(scan, index++);
      if (k === 0) finals.set(s.decl.name, b.named(id, s.name));
      if (k === 0 || build.options.slots)
        build.carried.push({ key: `final:${slotName(s.name, k + 1)}`, id });
    }
  }
  return { outputs, finals };
}

/** Equations of a step that a file has written; a layer's own cells have no file. */
function named(cell: FlatCell): FlatCell["equations"] {
  return cell.lineage.length === 0 ? [] : cell.equations.filter((eq) => eq.timed);
}

function oneStep(build: Build, use: CellUse, outside: Scope, states: readonly State[]): CellResult {
  const { b } = build;
  const before = states.map((s) => s.starts);
  const now = equations(use, outside, b, (id) => id, states, before, null);
  const finals = new Map<string, NodeId>();
  for (const [i, s] of states.entries()) {
    for (const k of s.starts.keys()) {
      const id = k === 0 ? broadcastTo(b, now(s.decl.name), s.type) : at(at(before, i), k - 1);
      build.carried.push({ key: `state:${slotName(s.name, k + 1)}`, id });
      if (k === 0) finals.set(s.decl.name, id);
    }
  }
  const outputs = use.cell.outputs.map((o): [string, NodeId] => {
    const value = now(o.name);
    return [o.name, broadcastTo(b, value, { ...b.type(value), batch: true })];
  });
  return { outputs: new Map(outputs), finals };
}

/** Lowers the timed equations in order; gives the value of a name at this step. */
function equations(
  use: CellUse,
  outside: Scope,
  b: Builder,
  outer: (id: NodeId) => NodeId,
  states: readonly State[],
  before: readonly (readonly NodeId[])[],
  seq: string | null,
): (name: string) => NodeId {
  const now = new Map<string, NodeId>();
  for (const [name, id] of use.inputs) now.set(name, outer(id));
  const current = (name: string): NodeId => {
    const id = now.get(name);
    invariant(id !== undefined, `${name}[t] is read before it is computed`);
    return id;
  };
  const scope: Scope = {
    ...outside,
    b,
    outer,
    value(name: string, lag: number | null, span: Span) {
      if (lag === null) {
        const id = outside.value(name, null, span);
        return outer(id);
      }
      if (lag === 0) return current(name);
      const i = states.findIndex((s) => s.decl.name === name);
      return at(at(before, i), lag - 1);
    },
    random: (type, keep, per) =>
      outer(addRandom(outside.build, use.prefix, type, keep, per === "step" ? seq : null)),
  };
  for (const eq of use.cell.equations) {
    if (!eq.timed) continue;
    const name = use.prefix + eq.name.text;
    outside.build.places.add(`${eq.role} ${name}`, eq.span);
    now.set(
      eq.name.text,
      b.within(eq.span, name, () => lowerExpr(scope, eq.value)),
    );
  }
  return current;
}

function at<T>(list: readonly T[], i: number): T {
  const x = list[i];
  invariant(x !== undefined, `no entry ${i}`);
  return x;
}
