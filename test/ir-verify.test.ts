/** @file What the verifier refuses. In: a sound graph, broken in one place a case. */
import { describe, expect, test } from "vitest";
import { type Graph, type Node, real, type Scan } from "../compiler/ir/ir.ts";
import { verify } from "../compiler/ir/verify.ts";
import { recurrence } from "./harness/ir-recurrence.ts";

describe("verify names the pass, the node and what is wrong", () => {
  const graph = recurrence(false);
  const scanOf = (g: Graph): Scan => g.nodes.find((n) => n.kind === "scan")!;
  const withNode = (id: number, change: (n: Node) => Node): Graph => ({
    ...graph,
    nodes: graph.nodes.map((n) => (n.id === id ? change(n) : n)),
  });
  const withScan = (change: (s: Scan) => Scan): Graph =>
    withNode(scanOf(graph).id, (n) => (n.kind === "scan" ? change(n) : n));
  const bodyNode = (change: (n: Node) => Node): Graph =>
    withScan((s) => ({ ...s, body: { ...s.body, nodes: s.body.nodes.map(change) } }));

  const BROKEN: readonly (readonly [string, Graph, RegExp])[] = [
    ["ids", withNode(1, (n) => ({ ...n, id: 0 })), /node 0.*taken/],
    ["order", { ...graph, nodes: [...graph.nodes].reverse() }, /not before it/],
    [
      "an item's type",
      withNode(graph.nodes.length - 1, (n) => ({ ...n, type: real([]) })),
      /should be/,
    ],
    [
      "an op's type",
      bodyNode((n) => (n.name === "h" ? { ...n, type: real([7]) } : n)),
      /\(?.*h in the body of scan/,
    ],
    ["an unknown output", { ...graph, outputs: [{ key: "y", id: 99 }] }, /output y is node 99/],
    [
      "an output twice",
      { ...graph, outputs: [...graph.outputs, graph.outputs[0]!] },
      /final:h is there twice/,
    ],
    [
      "a carry",
      withScan((s) => ({ ...s, carries: s.carries.map((c) => ({ ...c, init: 0 })) })),
      /carry 0/,
    ],
    ["a slice", withScan((s) => ({ ...s, slices: [{ arg: s.slices[0]!.arg, of: 1 }] })), /slice 0/],
    [
      "a const",
      withScan((s) => ({ ...s, consts: s.consts.map((c) => ({ ...c, of: 1 })) })),
      /const 1/,
    ],
    ["an unbound leaf", withScan((s) => ({ ...s, slices: [] })), /unbound/],
    [
      "a lost attribute",
      bodyNode((n) =>
        n.kind === "apply" && n.op === "contract"
          ? { ...n, attrs: { a: "ij", b: "j", y: "i" } }
          : n,
      ),
      /lacks its attribute seq/,
    ],
    [
      "a compound op",
      bodyNode((n) => (n.kind === "apply" && n.op === "tanh" ? { ...n, op: "softmax" } : n)),
      /compound/,
    ],
  ];

  test.each(BROKEN)("%s", (_, broken, words) => {
    expect(() => verify(broken, "mangle")).toThrow(words);
    expect(() => verify(broken, "mangle")).toThrow(/mangle/);
  });
});
