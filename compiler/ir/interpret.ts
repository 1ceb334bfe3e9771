/** @file The float64 oracle. In: a graph, values of its leaves, run-time sizes. Out: values of its
 *  outputs, laid out [seq][batch][...shape]. Never fast, never fused: what every other road is held to. */
import type { MapOp, Sizes, StructuredOp, WholeType, WholeValue } from "../ops/op.ts";
import { OPS } from "../ops/table.ts";
import { strides, wholeType } from "../ops/whole.ts";
import { absurd, broken, invariant } from "./invariant.ts";
import type { Apply, Graph, Node, NodeId, Scan } from "./ir.ts";

/**
 * Evaluates `graph` node by node by the ops' own float64 values. `inputs` by leaf key; `sizes` by
 * symbol (B, T, S, …). Throws (our bug) where an input is missing or of another size.
 */
export function interpret(
  graph: Graph,
  inputs: ReadonlyMap<string, Float64Array>,
  sizes: Sizes,
): Map<string, Float64Array> {
  const values = evaluate(graph, sizes, (leaf) => {
    const data = inputs.get(leaf.key);
    invariant(data !== undefined, `no value is given for ${leaf.key}`);
    return data;
  });
  return new Map(graph.outputs.map(({ key, id }) => [key, at(values, id).data]));
}

type Values = ReadonlyMap<NodeId, WholeValue>;

function evaluate(
  graph: Graph,
  sizes: Sizes,
  leaf: (node: Node & { kind: "leaf" }) => Float64Array,
): Values {
  const values = new Map<NodeId, WholeValue>();
  const results = new Map<NodeId, readonly Float64Array[]>();
  for (const node of graph.nodes) {
    if (node.kind === "scan") {
      results.set(node.id, runScan(node, values, sizes));
      continue;
    }
    const whole = wholeType(node.type, sizes);
    const data = evaluateNode(node, whole, values, results, sizes, leaf);
    const wanted = count(whole);
    if (data.length !== wanted)
      broken(`node ${node.id} (${label(node)}) has ${data.length} numbers, not ${wanted}`);
    values.set(node.id, { ...whole, data });
  }
  return values;
}

function evaluateNode(
  node: Exclude<Node, Scan>,
  whole: WholeType,
  values: Values,
  results: ReadonlyMap<NodeId, readonly Float64Array[]>,
  sizes: Sizes,
  leaf: (node: Node & { kind: "leaf" }) => Float64Array,
): Float64Array {
  switch (node.kind) {
    case "const":
      return Float64Array.of(node.value);
    case "leaf":
      return leaf(node);
    case "item": {
      const data = results.get(node.of)?.[node.index];
      invariant(data !== undefined, `scan ${node.of} has no result ${node.index}`);
      return data;
    }
    case "apply": {
      const op: MapOp | StructuredOp | { form: "compound" } = OPS[node.op];
      const args = node.args.map((id) => at(values, id));
      if (op.form === "map") return mapValues(op, node, args, whole);
      invariant(op.form === "structured", `${node.op} is compound: it should have been expanded`);
      return op.value(args, node.attrs, whole, sizes);
    }
    default:
      return absurd(node);
  }
}

/** Evaluates a map op everywhere, each argument at its own broadcast address. */
function mapValues(
  op: MapOp,
  node: Apply,
  args: readonly WholeValue[],
  result: WholeType,
): Float64Array {
  const rank = result.extents.length;
  const steps = args.map((arg) => broadcastStrides(arg, result));
  const offsets = args.map(() => 0);
  const index = new Array<number>(rank).fill(0);
  const out = new Float64Array(count(result));
  const x = args.map(() => 0);
  for (let i = 0; i < out.length; i++) {
    for (let k = 0; k < args.length; k++) x[k] = args[k]!.data[offsets[k]!]!;
    out[i] = op.value(x, node.attrs);
    for (let axis = rank - 1; axis >= 0; axis--) {
      const turned = ++index[axis]! === result.extents[axis]!;
      const by = turned ? 1 - result.extents[axis]! : 1;
      for (let k = 0; k < args.length; k++) offsets[k] = offsets[k]! + by * steps[k]![axis]!;
      if (!turned) break;
      index[axis] = 0;
    }
  }
  return out;
}

/** How far `arg` moves for one step along each axis of `result`: 0 where it is repeated. */
function broadcastStrides(arg: WholeValue, result: WholeType): number[] {
  const own = strides(arg);
  const shape = arg.extents.slice(arg.extents.length - arg.type.shape.length);
  const lead = result.type.shape.length - shape.length;
  const axes = result.type.shape.map((_, i) => {
    const k = i - lead;
    return k < 0 || shape[k] === 1 ? 0 : own.axes[k]!;
  });
  return [
    ...(result.type.seq === null ? [] : [own.seq]),
    ...(result.type.batch ? [own.batch] : []),
    ...axes,
  ];
}

/** The scan's results in the order of its items. */
function runScan(scan: Scan, outer: Values, sizes: Sizes): Float64Array[] {
  const steps = sizes[scan.over];
  invariant(steps !== undefined, `no size is given for ${scan.over}`);
  const size = (id: NodeId): number => {
    const node = scan.body.nodes.find((n) => n.id === id);
    invariant(node !== undefined, `the body of scan ${scan.id} has no node ${id}`);
    return count(wholeType(node.type, sizes));
  };
  let carries = scan.carries.map((c) => at(outer, c.init).data);
  const collects = scan.collects.map((id) => ({
    id,
    each: size(id),
    data: new Float64Array(steps * size(id)),
  }));
  const sums = scan.sums.map((id) => ({ id, data: new Float64Array(size(id)) }));

  for (let i = 0; i < steps; i++) {
    const t = scan.reverse ? steps - 1 - i : i;
    const bound = new Map<NodeId, Float64Array>();
    for (const [k, c] of scan.carries.entries()) bound.set(c.arg, carries[k]!);
    for (const c of scan.consts) bound.set(c.arg, at(outer, c.of).data);
    for (const s of scan.slices) {
      const all = at(outer, s.of).data;
      const each = all.length / steps;
      bound.set(s.arg, all.subarray(t * each, (t + 1) * each));
    }
    const values = evaluate(scan.body, sizes, (leaf) => {
      const data = bound.get(leaf.id);
      invariant(data !== undefined, `leaf ${leaf.id} in the body of scan ${scan.id} is not bound`);
      return data;
    });
    for (const c of collects) c.data.set(at(values, c.id).data, t * c.each);
    for (const s of sums) for (const [k, v] of at(values, s.id).data.entries()) s.data[k]! += v;
    carries = scan.carries.map((c) => at(values, c.next).data);
  }
  return [...carries, ...collects.map((c) => c.data), ...sums.map((s) => s.data)];
}

function at(values: Values, id: NodeId): WholeValue {
  return values.get(id) ?? broken(`node ${id} has no value`);
}

function count(w: WholeType): number {
  return w.extents.reduce((n, e) => n * e, 1);
}

function label(node: Node): string {
  return node.kind === "leaf" ? node.key : node.kind === "apply" ? node.op : node.kind;
}
