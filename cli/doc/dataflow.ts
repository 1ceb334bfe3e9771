/** @file One step of a cell as a graph. In: its equations. Out: inputs, earlier states, values, operations,
 *  and what flows between them; delays lead from each state back to its earlier value. */
import type { FlatCell } from "../../compiler/2-check/checked.ts";
import type { Equation, Expr } from "../../grammar/ast.ts";
import type { Scalars } from "../../grammar/latex.ts";
import { type Diagram, draft, type NodeId } from "./diagram.ts";
import { fill, type FlowScope, isConstant } from "./flow.ts";
import { inkOfName, raised, upright } from "./ink.ts";
import { written } from "./text.ts";

export function stepDiagram(cell: FlatCell, scalars: Scalars): Diagram {
  const graph = draft();
  const inputs = new Set(cell.inputs.map((i) => i.name));
  const memories = new Set(cell.memories.map((m) => m.name));
  const states = new Set(cell.states.map((s) => s.name));
  const params = new Set(cell.params.map((p) => p.name));
  const values = new Map<string, Equation>();
  const past = new Map<NodeId, { readonly state: string; readonly lag: number }>();

  const node = (ref: Extract<Expr, { kind: "ref" }>): NodeId | null => {
    const { name, lag } = ref;
    if (states.has(name) && lag !== null && lag > 0) {
      const id = `${name} ${lag} before`;
      past.set(id, { state: name, lag });
      const title = `${name}[t-${lag}]: the state ${lag} ${lag === 1 ? "step" : "steps"} before`;
      return graph.node({ id, kind: "past", name: inkOfName(name, lag), sign: null, title });
    }
    if (inputs.has(name) || memories.has(name) || states.has(name)) return name;
    return values.has(name) ? name : null;
  };
  const isParam = (name: string): boolean => params.has(name);
  const scope: FlowScope = { draft: graph, scalars, node, isParam, layer: null };

  for (const { name } of cell.inputs)
    graph.node({
      id: name,
      kind: "input",
      name: inkOfName(name, 0),
      sign: null,
      title: `input ${name}`,
    });
  for (const { name } of cell.memories)
    graph.node({
      id: name,
      kind: "memory",
      name: inkOfName(name, null),
      sign: null,
      title: `memory ${name}: the whole sequence`,
    });
  for (const e of cell.equations) {
    const id = e.name.text;
    // Made of parameters alone, it is one more weight; a gate stays in sight.
    if (e.role === "let" && isConstant(e.value, scope)) continue;
    values.set(id, e);
    const kind = e.role === "let" ? "value" : e.role;
    const title = `${id}${e.timed ? "[t]" : ""} = ${written(e.value)}`;
    graph.node({ id, kind, name: inkOfName(id, e.timed ? 0 : null), sign: null, title });
    fill(id, e.value, scope);
  }
  for (const [id, { state, lag }] of past)
    graph.edge({ from: state, to: id, kind: "delay", label: [...upright("z"), raised(`−${lag}`)] });
  for (const { name } of cell.outputs) {
    const id = `output ${name}`;
    graph.node({ id, kind: "output", name: upright("output"), sign: null, title: id });
    graph.edge({ from: name, to: id, kind: "flow", label: null });
  }
  return graph.finish();
}
