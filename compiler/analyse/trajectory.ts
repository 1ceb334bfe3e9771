/** @file The run of a loop that a measurement starts from. In: a loop, what its derivative reads. Out: the main graph
 *  with those values kept, and the loss's gradient by the loop's results. Never takes an adjoint into the loop. */
import { differentiate } from "../4-differentiate/differentiate.ts";
import { optimiseForward } from "../5-optimise/passes.ts";
import type { Builder, ScanParts } from "../ir/builder.ts";
import { invariant } from "../ir/invariant.ts";
import type { Graph, NodeId, Scan, Tensor } from "../ir/ir.ts";
import { deadCode, rewrite } from "../ir/rewrite.ts";
import type { Linearised } from "./linearise.ts";
import type { Loop } from "./loop.ts";
import { trimmed } from "./trim-scan.ts";

/** Zeros added to a result of the loop: the loss's derivative by them is that by the result. */
export interface Cut {
  readonly key: string;
  readonly type: Tensor;
}

/** The main graph, its scan collecting the coefficients that vary. */
export function trajectoryOf(
  loop: Loop,
  l: Linearised,
  withLoss: boolean,
): { readonly graph: Graph; readonly cuts: readonly Cut[] } {
  const { scan } = loop;
  const varying = l.coefficients.filter((c) => !c.isFixed);
  const cuts: { key: string; type: Tensor }[] = [];
  const outputs: { key: string; id: NodeId }[] = [];
  const first = scan.carries.length;
  const kept = scan.collects.length;
  const cut = new Map<number, NodeId>();
  const graph = rewrite(loop.graph, (node, c) => {
    if (node.kind === "item" && node.of === scan.id && withLoss) {
      const item = c.keep();
      const key = `cut:${node.index}`;
      const leaf = cut.get(node.index) ?? c.b.leaf(key, node.type);
      if (!cut.has(node.index)) cuts.push({ key, type: node.type });
      cut.set(node.index, leaf);
      return c.b.add(item, leaf);
    }
    if (node.id !== scan.id || node.kind !== "scan") return null;
    const all = extended(
      scan,
      l,
      varying.map((v) => v.id),
    );
    const made = c.b.scan({
      ...all,
      carries: all.carries.map((x) => ({ ...x, init: c.map(x.init) })),
      slices: all.slices.map((x) => ({ ...x, of: c.map(x.of) })),
      consts: all.consts.map((x) => ({ ...x, of: c.map(x.of) })),
    });
    for (const [k, { isFixed, id }] of l.coefficients.entries()) {
      const at = varying.findIndex((v) => v.id === id);
      const value = isFixed ? outside(c.b, l, loop, id, c.map) : c.b.item(made, first + kept + at);
      outputs.push({ key: `coefficient:${k}`, id: value });
    }
    return made;
  });
  invariant(outputs.length === l.coefficients.length, "every coefficient is put out");
  const loss = graph.outputs.filter((o) => withLoss && o.key === "loss");
  const live = deadCode({ ...graph, outputs: [...outputs, ...loss] });
  if (loss.length === 0) return { graph: live, cuts: [] };
  const used = cuts.filter((x) => live.nodes.some((n) => n.kind === "leaf" && n.key === x.key));
  const whole = differentiate(optimiseForward(live), [{ output: "loss", leaf: null }], used);
  const wanted = whole.outputs.filter((o) => o.key !== "loss");
  return { graph: deadCode({ ...whole, outputs: wanted }), cuts: used };
}

/** The scan with more collected after its own. */
function extended(scan: Scan, l: Linearised, more: readonly NodeId[]): ScanParts {
  return trimmed({ ...scan, collects: [...scan.collects, ...more], body: l.body.finish([]) });
}

/** A fixed coefficient where the loop's constants come from. */
function outside(
  b: Builder,
  l: Linearised,
  loop: Loop,
  id: NodeId,
  map: (id: NodeId) => NodeId,
): NodeId {
  const bound = loop.scan.consts.find((c) => c.arg === id);
  if (bound !== undefined) return map(bound.of);
  return b.copy(l.body.node(id), (arg) => outside(b, l, loop, arg, map));
}
