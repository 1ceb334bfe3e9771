/** @file The IR's tools: builder, printer, interpreter, rewriting. In: graphs built by hand, one of
 *  them a gated recurrence, checked against a plain loop. */
import { describe, expect, test } from "vitest";
import { createBuilder, NOWHERE } from "../compiler/ir/builder.ts";
import { interpret } from "../compiler/ir/interpret.ts";
import { real } from "../compiler/ir/ir.ts";
import { print } from "../compiler/ir/print.ts";
import { deadCode, rewrite } from "../compiler/ir/rewrite.ts";
import { verify } from "../compiler/ir/verify.ts";
import { B, H, loop, randomInputs, recurrence, T } from "./harness/ir-recurrence.ts";

describe("interpret", () => {
  test.each([false, true])("a scan is the loop it stands for, reverse %s", (reverse) => {
    const graph = verify(recurrence(reverse), "by hand");
    for (const seed of [1, 2, 3]) {
      const inputs = randomInputs(seed);
      const got = interpret(graph, inputs, { T, B });
      for (const [key, wanted] of loop(inputs, reverse)) {
        expect(got.get(key)).toHaveLength(wanted.length);
        for (const [i, w] of wanted.entries()) expect(got.get(key)![i]).toBeCloseTo(w, 13);
      }
    }
  });

  test("with no steps, carries are their first values and sums are zero", () => {
    const inputs = randomInputs(4).set("input:x", new Float64Array(0));
    const got = interpret(recurrence(false), inputs, { T: 0, B });
    expect(got.get("final:h")).toEqual(inputs.get("initial:h"));
    expect(got.get("output:h")).toHaveLength(0);
    expect(got.get("sum:c")).toEqual(new Float64Array(B * H));
  });

  test("a missing or misshapen input is named", () => {
    const inputs = randomInputs(5);
    inputs.set("param:U", new Float64Array(5));
    expect(() => interpret(recurrence(false), inputs, { T, B })).toThrow(/param:U.*has 5 numbers/);
    inputs.delete("param:U");
    expect(() => interpret(recurrence(false), inputs, { T, B })).toThrow(/param:U/);
  });
});

describe("builder", () => {
  test("equal numbers are one node, and 0 is not −0", () => {
    const b = createBuilder();
    expect(b.lit(2)).toBe(b.lit(2));
    expect(b.lit(0)).not.toBe(b.lit(-0));
  });

  test("defaults are written out, compounds expanded", () => {
    const b = createBuilder();
    const x = b.leaf("x", real([3]));
    const y = b.node(b.apply("leaky_relu", [x]));
    expect(y.kind === "apply" && y.attrs).toEqual({ alpha: 0.01 });
    const s = b.node(b.call("sum", [x]));
    expect(s.kind === "apply" && [s.op, s.attrs]).toEqual([
      "sum",
      { axes: [0], seq: true, batch: true },
    ]);
  });

  test("spans and names go to what is made, names only to the result", () => {
    const b = createBuilder();
    const span = { file: "a.cell", start: 3, end: 9, line: 2, column: 1 };
    const x = b.leaf("x", real([]));
    const y = b.within(span, "y", () => b.neg(b.neg(x)));
    const alias = b.within(span, "z", () => y);
    expect(b.node(y)).toMatchObject({ name: "y", at: span });
    expect(b.node(y - 1).name).toBeUndefined();
    expect(b.node(y - 1).at).toEqual(span);
    expect(b.node(alias).name).toBe("y");
    expect(b.node(b.neg(x)).at).toEqual(NOWHERE);
  });

  test("what a rule refuses is our bug", () => {
    const b = createBuilder();
    const x = b.leaf("x", real([2]));
    const y = b.leaf("y", real([3]));
    expect(() => b.add(x, y)).toThrow(/add.*\[2\].*\[3\].*broadcast/);
  });
});

describe("rewrite", () => {
  test("without changes gives the same text", () => {
    const graph = recurrence(true);
    for (const bodies of [false, true]) {
      const again = verify(
        rewrite(graph, () => null, { bodies }),
        "rewrite",
      );
      expect(print(again)).toBe(print(graph));
    }
  });

  test("reaches into bodies, keeps names and spans, leaves the old graph alone", () => {
    const graph = recurrence(false);
    const before = print(graph);
    const seen = new Set<number | null>();
    const swapped = rewrite(
      graph,
      (node, c) => {
        seen.add(c.scan?.id ?? null);
        if (node.kind !== "apply" || node.op !== "tanh") return null;
        return c.b.apply("softsign", node.args.map(c.map));
      },
      { bodies: true },
    );
    verify(swapped, "swap");
    expect(seen.size).toBe(2);
    expect(print(swapped)).toBe(before.replaceAll("tanh", "softsign"));
    expect(print(graph)).toBe(before);
  });

  test("dead code goes, live code stays", () => {
    const b = createBuilder();
    const x = b.leaf("x", real([2]));
    b.apply("exp", [x]);
    const y = b.neg(x);
    expect(print(deadCode(b.finish([{ key: "y", id: y }])))).toBe(
      "%0 = leaf x : [2]\n%1 = neg(%0) : [2]\ny = %1\n",
    );
  });
});

test("print", () => {
  expect(print(recurrence(false))).toMatchInlineSnapshot(`
    "%0 = leaf input:x : T B [2]
    %1 = leaf param:W : [12, 2]
    %2 = leaf param:U : [12, 3]
    %3 = leaf param:b : [12]
    %4 = leaf initial:h : B [3]
    %5 = leaf initial:c : B [3]
    %6 = scan T : B [3]; B [3]; T B [3]; B [3]
      slice %0 of %0
      const %3 is %1, %4 is %2, %5 is %3
      carry %1 from %4, %2 from %5
        %0 = leaf arg : B [2]
        %1 = leaf arg : B [3]
        %2 = leaf arg : B [3]
        %3 = leaf arg : [12, 2]
        %4 = leaf arg : [12, 3]
        %5 = leaf arg : [12]
        %6 = contract(%3, %0, a="ij", b="j", y="i") : B [12]
        %7 = contract(%4, %1, a="ij", b="j", y="i") : B [12]
        %8 = add(%6, %7) : B [12]
        %9 = add(%8, %5) : B [12]
        %10 = part(%9, axis=0, from=0, size=3) : B [3]
        %11 = sigmoid(%10) : B [3]
        %12 = mul(%11, %2) : B [3]
        %13 = part(%9, axis=0, from=3, size=3) : B [3]
        %14 = sigmoid(%13) : B [3]
        %15 = part(%9, axis=0, from=6, size=3) : B [3]
        %16 = tanh(%15) : B [3]
        %17 = mul(%14, %16) : B [3]
        %18 c = add(%12, %17) : B [3]
        %19 = part(%9, axis=0, from=9, size=3) : B [3]
        %20 = sigmoid(%19) : B [3]
        %21 = tanh(%18) : B [3]
        %22 h = mul(%20, %21) : B [3]
      next %1 := %22, %2 := %18
      collect %22
      sum %18
    %7 = %6.0 : B [3]
    %8 = %6.1 : B [3]
    %9 = %6.2 : T B [3]
    %10 = %6.3 : B [3]
    final:h = %7
    final:c = %8
    output:h = %9
    sum:c = %10
    "
  `);
});
