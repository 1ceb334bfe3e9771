/** @file Models: cells and layers over sequences. In: a proven model, its dims. Out: its outputs in the
 *  main graph. Layers themselves are in `layers.ts`. */
import type { Arg, Expr, ModelDecl } from "../../grammar/ast.ts";
import type { Span } from "../../grammar/span.ts";
import { absurd, invariant } from "../ir/invariant.ts";
import type { NodeId } from "../ir/ir.ts";
import type { Build } from "./build.ts";
import { addInput, addParam, addRandom } from "./declare.ts";
import { constantOf, type Dims, evalDim, evalShape, numbers } from "./dims.ts";
import { lowerBinary, lowerCall, numeric } from "./expr.ts";
import { type Flow, flow, inside } from "./flow.ts";
import { LAYERS } from "./layers.ts";
import type { Scope } from "./scope.ts";

/** Output nodes by name, zero past each sample's length; `flows` has every named value. */
export interface ModelResult {
  readonly outputs: readonly { readonly name: string; readonly id: NodeId; readonly span: Span }[];
  readonly flows: ReadonlyMap<string, Flow>;
}

export function lowerModel(build: Build, model: ModelDecl, dims: Dims): ModelResult {
  const flows = new Map<string, Flow>();
  const context = modelContext(build, dims, flows);
  const outputs: { name: string; id: NodeId; span: Span }[] = [];
  for (const m of model.members) {
    switch (m.kind) {
      case "input": {
        const shape = evalShape(m.shape, dims);
        const seq = typeof shape[0] === "string" ? shape[0] : null;
        const of = m.of === null ? null : evalDim(m.of, dims);
        invariant(typeof of !== "string", "the number of classes is a number");
        for (const name of m.names) {
          const type = {
            seq,
            batch: true,
            shape: seq === null ? shape : shape.slice(1),
            dtype: of === null ? ("real" as const) : ("index" as const),
          };
          const node = addInput(build, name.text, type, of, false, name.span);
          flows.set(name.text, { ...flow(node), of });
        }
        break;
      }
      case "param":
        for (const name of m.names) {
          const shape = numbers(evalShape(m.shape, dims));
          flows.set(
            name.text,
            flow(addParam(build, name.text, shape, m.initialiser, name.span, context.number)),
          );
        }
        break;
      case "const": {
        const value = constantOf(m.value, context.number);
        invariant(value !== null, `const ${m.name.text} has no value`);
        flows.set(m.name.text, flow(build.b.lit(value)));
        break;
      }
      case "equation":
        flows.set(m.name.text, context.named(m.name.text, m.value, m.span));
        break;
      case "output":
        for (const name of m.names) {
          const f =
            m.value === null ? flows.get(name.text) : context.named(name.text, m.value, m.span);
          invariant(f !== undefined, `no value ${name.text} to put out`);
          flows.set(name.text, f);
          outputs.push({ name: name.text, id: inside(build, f.node), span: name.span });
        }
        break;
    }
  }
  return { outputs, flows };
}

interface ModelContext {
  number(name: string): number | null;
  /** Lowers the value of `name`; what it declares is called `name.…`. */
  named(name: string, value: Expr, span: Span): Flow;
}

function modelContext(build: Build, dims: Dims, flows: ReadonlyMap<string, Flow>): ModelContext {
  const number = (name: string): number | null => {
    const id = flows.get(name)?.node;
    const node = id === undefined ? null : build.b.node(id);
    return node?.kind === "const" ? node.value : numeric(dims[name]);
  };
  const get = (name: string): Flow => {
    const known = flows.get(name);
    if (known !== undefined) return known;
    const value = number(name);
    invariant(value !== null, `nothing is called ${name}`);
    return flow(build.b.lit(value));
  };
  return {
    number,
    named(name, value, span) {
      build.places.add(name, span);
      build.b.at(span);
      return pipeline(build, dims, number, get, `${name}.`).lower(value);
    },
  };
}

interface Pipeline {
  lower(e: Expr): Flow;
  /** `x | right`. */
  feed(right: Expr, x: Flow): Flow;
}

/** One statement's expressions; `prefix` starts the names of what they declare. */
function pipeline(
  build: Build,
  dims: Dims,
  number: (name: string) => number | null,
  get: (name: string) => Flow,
  prefix: string,
): Pipeline {
  const { b } = build;
  const used = new Map<string, number>();
  /** "e." + "LSTM" + "."; a label that was there before gets a number: "e.LSTM_2.". */
  const path = (label: string): string => {
    const n = (used.get(label) ?? 0) + 1;
    used.set(label, n);
    return `${prefix}${label}${n === 1 ? "" : `_${n}`}.`;
  };
  const scope: Scope = {
    build,
    b,
    dims,
    number,
    flow: (e) => lower(e).node,
    outer: (id) => id,
    random: (type, keep, per) =>
      addRandom(build, prefix, type, keep, per === "step" ? type.seq : null),
    value: (name) => get(name).node,
  };

  const lower = (e: Expr): Flow => {
    switch (e.kind) {
      case "number":
        return flow(b.lit(e.value));
      case "ref":
        return get(e.name);
      case "unary":
        return flow(b.neg(lower(e.operand).node));
      case "binary":
        return flow(lowerBinary(scope, e.op, lower(e.left).node, lower(e.right).node));
      case "pipe":
        return feed(e.right, lower(e.left));
      case "call":
        return call(e.callee.text, e.args, null, e.span);
      case "member": {
        const found = member(e);
        invariant("node" in found, "a group of values where one is needed");
        return found;
      }
      case "apply-dims":
      case "record":
        return needsValue(e.kind);
      default:
        return absurd(e);
    }
  };
  const feed = (right: Expr, x: Flow): Flow => {
    if (right.kind === "ref") return call(right.name, [], x, right.span);
    if (right.kind === "call") return call(right.callee.text, right.args, x, right.span);
    return needsValue(right.kind);
  };
  /** `name(args)` fed by x; where nothing is piped in, a layer takes its first argument. */
  const call = (name: string, args: readonly Arg[], x: Flow | null, span: Span): Flow => {
    b.at(span);
    const layer = LAYERS[name];
    if (layer === undefined) return flow(lowerCall(scope, name, args, x === null ? [] : [x.node]));
    const first = args[0];
    const input = x ?? (first?.kind === "positional" ? lower(first.value) : null);
    invariant(input !== null, `${name} is fed nothing`);
    const rest = x === null ? args.slice(1) : args;
    return layer({ build, scope, dims, args: rest, span, path, lower, fields, nested }, input);
  };
  const member = (e: Expr): Flow | ReadonlyMap<string, Flow> => {
    if (e.kind !== "member") return lower(e);
    const object = member(e.object);
    const found = "node" in object ? object.members.get(e.name.text) : object.get(e.name.text);
    invariant(found !== undefined, `no member ${e.name.text}`);
    return found;
  };
  const fields = (e: Expr): ReadonlyMap<string, Flow> => {
    invariant(e.kind === "record", "a record is needed here");
    return new Map(e.fields.map((f) => [f.name.text, lower(f.value)]));
  };
  const nested = (e: Expr, x: Flow, own: string | null): Flow =>
    own === null ? feed(e, x) : pipeline(build, dims, number, get, own).feed(e, x);
  return { lower, feed };
}

function needsValue(kind: string): never {
  invariant(false, `${kind} where a value is needed`);
}
