/** @file Shares equal nodes. In: verified graph. Out: the same outputs from no more nodes; a + b and
 *  b + a are one, and so are products written with other labels. Never reorders a sum. */
import type { Builder } from "../ir/builder.ts";
import type { Apply, Attrs, Graph, NodeId } from "../ir/ir.ts";
import { rewrite, type Settled } from "../ir/rewrite.ts";
import { productForm } from "./product-form.ts";

const COMMUTATIVE: ReadonlySet<string> = new Set(["add", "mul", "maximum", "minimum", "eq", "ne"]);

export const isCommutative = (op: string): boolean => COMMUTATIVE.has(op);

const settled: Settled = new WeakMap();

export function cse(graph: Graph): Graph {
  const known = new Map<Builder, Map<string, NodeId>>();
  return rewrite(
    graph,
    (node, { b, map, keep, scan }) => {
      const here = known.get(b) ?? new Map<string, NodeId>();
      known.set(b, here);
      const share = (key: string): NodeId => {
        const id = here.get(key) ?? keep();
        here.set(key, id);
        return id;
      };
      switch (node.kind) {
        case "apply":
          return share(keyOf({ ...node, args: node.args.map(map) }));
        case "item":
          return share(`item ${map(node.of)} ${node.index}`);
        case "leaf":
          // Leaves of a body are told apart by what the scan binds them to.
          return scan === null ? share(`leaf ${node.key}`) : null;
        case "const":
        case "scan":
          return null;
      }
    },
    { bodies: true, settled },
  );
}

function keyOf(node: Apply): string {
  const { op, args, attrs } = node;
  const isSwapped = args.length === 2 && args[0]! > args[1]!;
  if (op === "contract") {
    const of = isSwapped ? `${args[1]},${args[0]}` : args.join();
    return `contract ${of} ${labelsOf(node, isSwapped)}`;
  }
  const isOrdered = !isSwapped || !isCommutative(op);
  return `${op} ${isOrdered ? args.join() : `${args[1]},${args[0]}`} ${textOf(attrs)}`;
}

/** Nodes keep their attributes from pass to pass: what is made of them is made once. */
const texts = new WeakMap<Attrs, string>();
const labels = [new WeakMap<Attrs, string>(), new WeakMap<Attrs, string>()] as const;

function textOf(attrs: Attrs): string {
  const known = texts.get(attrs);
  if (known !== undefined) return known;
  const names = Object.keys(attrs).sort();
  const text = names.map((name) => `${name} ${JSON.stringify(attrs[name])}`).join();
  texts.set(attrs, text);
  return text;
}

/** How a product sums, in one spelling, its operands in order of their ids. */
function labelsOf(node: Apply, swap: boolean): string {
  const by = labels[swap ? 1 : 0];
  const known = by.get(node.attrs);
  if (known !== undefined) return known;
  const { args: _, ...form } = productForm(node);
  const text = JSON.stringify(form);
  by.set(node.attrs, text);
  return text;
}
