/** @file The artifact's border: what keeps the rules loads, all else is refused with a reason. */
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import type { Artifact } from "../runtime/artifact/artifact.ts";
import type { Expr, Kernel, Program, ScanStage } from "../runtime/artifact/kernel.ts";
import { LIMITS } from "../runtime/artifact/limits.ts";
import { load, parse } from "../runtime/artifact/load.ts";
import { SCHEMA } from "../runtime/artifact/schema.ts";
import { add, call, lit, load as at, mul, red, select, size, sub, v } from "./harness/expr.ts";
import { probe } from "./harness/probe.ts";

/** Expressions stay as they are: they are replaced whole. */
type Writable<T> = T extends Expr ? T : { -readonly [K in keyof T]: Writable<T[K]> };
type Draft = Writable<Artifact>;

/** Codes and paths of what is refused. */
async function refusals(json: unknown): Promise<readonly string[]> {
  const result = await load(json);
  return result.ok ? [] : result.faults.map((f) => `${f.code} ${f.path}`);
}

const edited = (change: (a: Draft) => void): Draft => {
  const draft = probe() as Draft;
  change(draft);
  return draft;
};
const scanOf = (p: Program) => p.stages.find((s) => s.kind === "scan") as Writable<ScanStage>;
const packed = (a: Draft) => (a.programs.forward.prepare[0] as { kernel: Writable<Kernel> }).kernel;
const idOf = (p: Program, label: string) => p.buffers.findIndex((b) => b.label === label);

describe("form", () => {
  test("the schema is a strict JSON schema", () => {
    expect(new Ajv({ strict: true }).validateSchema(SCHEMA)).toBe(true);
  });

  test("the probe loads, as object, text and bytes", async () => {
    const text = JSON.stringify(probe());
    for (const result of [load(probe()), parse(text), parse(new TextEncoder().encode(text))])
      expect(await result).toEqual({ ok: true, value: probe() });
  });

  const cases: readonly (readonly [string, unknown, readonly string[]])[] = [
    ["null", null, ["R101 "]],
    ["a list", [], ["R101 "]],
    ["another format", { ...probe(), format: "onnx" }, ["R101 "]],
    ["another version", { ...probe(), version: 2 }, ["R102 version"]],
    ["a missing field", edited((a) => Reflect.deleteProperty(a, "states")), ["R104 "]],
    ["an unknown field", { ...probe(), extra: 1 }, ["R104 "]],
    [
      "an unknown field inside",
      edited((a) => Object.assign(a.programs.forward.buffers[2]!, { data: [] })),
      ["R104 programs.forward.buffers[2]"],
    ],
    [
      "__proto__ as a dim",
      JSON.parse(JSON.stringify(probe()).replace('"dims":{', '"dims":{"__proto__":1,')),
      ["R104 dims"],
    ],
    [
      "a dim that is not finite",
      edited((a) => {
        a.dims.D = Number.POSITIVE_INFINITY;
      }),
      ["R104 dims.D"],
    ],
    [
      "a hash that is none",
      edited((a) => {
        a.hash = "abc";
      }),
      ["R104 hash"],
    ],
    [
      "an unknown function",
      edited((a) => {
        packed(a).value = { call: "eval" as "neg", args: [lit(1)] };
      }),
      ["R104 programs.forward.prepare[0].kernel.value.call"],
    ],
    [
      "code for an expression",
      edited((a) => {
        packed(a).value = "1+1" as unknown as Expr;
      }),
      ["R104 programs.forward.prepare[0].kernel.value"],
    ],
    [
      "two forms at once",
      edited((a) => {
        packed(a).value = { lit: 1, var: 0 } as unknown as Expr;
      }),
      ["R104 programs.forward.prepare[0].kernel.value"],
    ],
    [
      "an unknown initialiser",
      edited((a) => {
        a.params[0]!.initialiser.name = "magic";
      }),
      ["R104 params[0].initialiser.name"],
    ],
    [
      "an extent of 0",
      edited((a) => {
        a.params[0]!.shape = [0, 3];
      }),
      ["R104 params[0].shape[0]"],
    ],
    [
      "a negative buffer",
      edited((a) => {
        a.programs.forward.outputs[0]!.buffer = -1;
      }),
      ["R104 programs.forward.outputs[0].buffer"],
    ],
  ];
  test.each(cases)("%s", async (_, json, wanted) => {
    expect([...new Set(await refusals(json))]).toEqual(wanted);
  });

  const texts: readonly (readonly [string, string | Uint8Array])[] = [
    ["no JSON", "cell Decay {}"],
    ["empty", ""],
    ["cut", JSON.stringify(probe()).slice(0, -5)],
    ["not UTF-8", Uint8Array.of(0x7b, 0xff, 0x7d)],
    ["lists within lists", "[".repeat(100_000)],
  ];
  test.each(texts)("%s: R101", async (_, text) => {
    expect(await parse(text)).toMatchObject({ ok: false, faults: [{ code: "R101" }] });
  });

  test("nesting, size and cycles are bounded before anything recurses", async () => {
    const deep = edited((a) => {
      let value: Expr = lit(1);
      for (let i = 0; i < 100_000; i++) value = call("neg", value);
      packed(a).value = value;
    });
    expect(await refusals(deep)).toEqual(["R103 "]);
    const cyclic: { self?: unknown } & Artifact = { ...probe() };
    cyclic.self = cyclic;
    expect(await refusals(cyclic)).toEqual(["R103 "]);
    expect(await refusals({ ...probe(), many: new Array(LIMITS.nodes + 1).fill(0) })).toEqual([
      "R103 ",
    ]);
    const deepest = edited((a) => {
      let value: Expr = lit(1);
      for (let i = 0; i < 280; i++) value = call("neg", value);
      packed(a).value = value;
    });
    expect(await refusals(deepest)).toEqual([]);
  });
});

const FORWARD = "programs.forward";
const PACKED = `${FORWARD}.prepare[0].kernel`;
/** What each edit of the forward program, or of a declaration, is refused for; among others. */
const rules: readonly (readonly [
  string,
  (a: Draft, forward: Writable<Program>) => void,
  string,
])[] = [
  [
    "two parameters of one name",
    (a) => {
      a.params[1]!.name = "W";
    },
    "R106 params[1]",
  ],
  [
    "a place that is not there",
    (a) => {
      a.states[0]!.place = 9;
    },
    "R105 states[0]",
  ],
  [
    "a kernel's place that is not there",
    (a) => {
      packed(a).places = [9];
    },
    `R105 ${PACKED}.places`,
  ],
  [
    "a place in no file",
    (a) => {
      a.source.places[1]!.file = 3;
    },
    "R105 source.places[1]",
  ],
  [
    "an argument of an initialiser missing",
    (a) => {
      a.params[3]!.initialiser.args = { low: 0 };
    },
    "R104 params[3].initialiser.args",
  ],
  [
    "an argument out of bounds",
    (a) => {
      a.params[2]!.initialiser.args = { std: -1 };
    },
    "R104 params[2].initialiser.args",
  ],
  [
    "an argument that it does not take",
    (a) => {
      a.params[0]!.initialiser.args = { std: 1 };
    },
    "R105 params[0].initialiser.args",
  ],
  [
    "a sequence called B",
    (a) => {
      a.inputs[0]!.seq = "B";
    },
    "R108 inputs[0]",
  ],
  [
    "an output of a sequence that no input has",
    (a) => {
      a.outputs[0]!.seq = "S";
    },
    "R108 outputs[0]",
  ],
  [
    "step without start",
    (a) => {
      a.programs.start = null;
    },
    "R105 programs",
  ],
  [
    "update without train",
    (a) => {
      a.programs.update = a.programs.start;
    },
    "R105 programs.update",
  ],
  [
    "an output too few",
    (_, f) => {
      f.outputs.pop();
    },
    `R105 ${FORWARD}.outputs`,
  ],
  [
    "an output too many",
    (_, f) => {
      f.outputs.push({ name: "loss", buffer: f.outputs[0]!.buffer });
    },
    `R105 ${FORWARD}.outputs[4]`,
  ],
  [
    "an output twice",
    (_, f) => {
      f.outputs.push({ ...f.outputs[0]! });
    },
    `R106 ${FORWARD}.outputs[4]`,
  ],
  [
    "an input that the program does not have",
    (_, f) => {
      f.inputs[0]!.name = "target:y";
    },
    `R105 ${FORWARD}.inputs[0]`,
  ],
  [
    "an input of another shape",
    (a) => {
      a.inputs[2]!.shape = [3];
    },
    `R107 ${FORWARD}.inputs[6]`,
  ],
  [
    "tokens as reals",
    (a) => {
      a.inputs[1]!.of = null;
    },
    `R107 ${FORWARD}.inputs[5]`,
  ],
  [
    "a size of nowhere",
    (_, f) => {
      f.buffers[0]!.shape = ["N", 3];
    },
    `R108 ${FORWARD}.buffers[0].shape`,
  ],
  [
    "a kernel that does not fill its buffer",
    (a) => {
      packed(a).axes = [2, 4];
    },
    `R107 ${PACKED}.axes`,
  ],
  [
    "a buffer that is not there",
    (a) => {
      packed(a).value = at(999);
    },
    `R105 ${PACKED}.value`,
  ],
  [
    "a buffer written twice",
    (_, f) => {
      f.stages.push(structuredClone(f.prepare[0]!));
    },
    `R106 ${FORWARD}.stages[3].kernel.out`,
  ],
  [
    "a buffer that is an input written",
    (a, f) => {
      packed(a).out = f.inputs[0]!.buffer;
    },
    `R106 ${PACKED}.out`,
  ],
  [
    "its own output loaded",
    (a) => {
      packed(a).value = at(packed(a).out, v(0), v(1));
    },
    `R106 ${PACKED}.value`,
  ],
  [
    "an input read in prepare",
    (a, f) => {
      packed(a).value = at(idOf(f, "given:h"));
    },
    `R106 ${PACKED}.value`,
  ],
  [
    "a local read after its scan",
    (_, f) => {
      f.outputs[0]!.buffer = scanOf(f).kernels[0]!.out;
    },
    `R106 ${FORWARD}.outputs[0]`,
  ],
  [
    "kernels of a step out of order",
    (_, f) => {
      scanOf(f).kernels.reverse();
    },
    `R106 ${FORWARD}.stages[2].kernels[3].value.args[1]`,
  ],
  [
    "a carry of another shape",
    (_, f) => {
      scanOf(f).carries[0]!.init = scanOf(f).carries[1]!.init;
    },
    `R107 ${FORWARD}.stages[2].carries[0].init`,
  ],
  [
    "a slice of what is no sequence",
    (_, f) => {
      scanOf(f).slices[0]!.of = idOf(f, "param:W");
    },
    `R107 ${FORWARD}.stages[2].slices[0].of`,
  ],
  [
    "a collect into another shape",
    (_, f) => {
      scanOf(f).collects[0]!.from = scanOf(f).carries[1]!.local;
    },
    `R107 ${FORWARD}.stages[2].collects[0].into`,
  ],
  [
    "a scan over nothing",
    (_, f) => {
      scanOf(f).over = "N";
    },
    `R108 ${FORWARD}.stages[2].over`,
  ],
  [
    "a variable that is not bound",
    (a) => {
      packed(a).value = v(2);
    },
    `R108 ${PACKED}.value`,
  ],
  [
    "a size that is not there",
    (a) => {
      packed(a).value = size("N");
    },
    `R108 ${PACKED}.value`,
  ],
  [
    "a reduction that is not there",
    (a) => {
      packed(a).value = red(0);
    },
    `R108 ${PACKED}.value`,
  ],
  [
    "a reduction that reads itself",
    (a) => {
      packed(a).reductions = [{ kind: "sum", vars: [2], extents: [3], of: red(0) }];
    },
    `R108 ${PACKED}.reductions[0].of`,
  ],
  [
    "a reduction over an axis",
    (a) => {
      packed(a).reductions = [{ kind: "sum", vars: [0], extents: [3], of: lit(1) }];
    },
    `R108 ${PACKED}.reductions[0].vars`,
  ],
  [
    "a variable without extent",
    (a) => {
      packed(a).reductions = [{ kind: "sum", vars: [2], extents: [], of: lit(1) }];
    },
    `R108 ${PACKED}.reductions[0]`,
  ],
  [
    "a function of too few",
    (a) => {
      packed(a).value = call("add", lit(1));
    },
    `R108 ${PACKED}.value`,
  ],
  [
    "a function of too many",
    (a) => {
      packed(a).value = call("exp", lit(1), lit(1));
    },
    `R108 ${PACKED}.value`,
  ],
  [
    "too few indices",
    (a, f) => {
      packed(a).value = at(idOf(f, "param:W"), v(0));
    },
    `R107 ${PACKED}.value`,
  ],
  [
    "a kernel that would run for ever",
    (a) => {
      const extents = [2 ** 20, 2 ** 20];
      packed(a).reductions = [{ kind: "sum", vars: [2, 3], extents, of: lit(1) }];
    },
    `R103 ${PACKED}`,
  ],
  [
    "too many inputs",
    (_, f) => {
      const kernel = scanOf(f).kernels[0]! as Writable<Kernel>;
      kernel.value = add(
        lit(0),
        ...f.inputs.map(({ buffer }) => at(buffer, ...f.buffers[buffer]!.shape.map(() => lit(0)))),
      );
    },
    `R103 ${FORWARD}.stages[2].kernels[0]`,
  ],
];

describe("rules", () => {
  test.each(rules)("%s", async (_, change, wanted) => {
    expect(await refusals(edited((a) => change(a, a.programs.forward)))).toContain(wanted);
  });
});

describe("loads stay inside", () => {
  // The kernel has axes [2, 5]; W is [2, 3].
  const cases: readonly (readonly [string, (W: number) => Expr, boolean])[] = [
    ["v1 < 5 on an axis of 3", (W) => at(W, v(0), v(1)), false],
    ["v1 + 1 − 1, still 5", (W) => at(W, v(0), sub(add(v(1), lit(1)), lit(1))), false],
    ["−1", (W) => at(W, v(0), lit(-1)), false],
    ["1 − v0", (W) => at(W, sub(lit(1), v(0)), lit(0)), true],
    ["v0 − 1", (W) => at(W, sub(v(0), lit(1)), lit(0)), false],
    ["2 · v0", (W) => at(W, lit(0), mul(lit(2), v(0))), true],
    ["where v1 < 3", (W) => select(call("lt", v(1), lit(3)), at(W, v(0), v(1)), lit(0)), true],
    ["where not v1 ≥ 3", (W) => select(call("ge", v(1), lit(3)), lit(0), at(W, v(0), v(1))), true],
    ["where v1 < 4", (W) => select(call("lt", v(1), lit(4)), at(W, v(0), v(1)), lit(0)), false],
    ["where v1 ≤ 2", (W) => select(call("le", v(1), lit(2)), at(W, v(0), v(1)), lit(0)), true],
    [
      "where v1 > 1, v1 − 2",
      (W) => select(call("gt", v(1), lit(1)), at(W, v(0), sub(v(1), lit(2))), lit(0)),
      true,
    ],
    ["where v1 = 2", (W) => select(call("eq", v(1), lit(2)), at(W, v(0), v(1)), lit(0)), true],
    [
      "where v0 ≠ 0, v0 − 1",
      (W) => select(call("ne", v(0), lit(0)), at(W, sub(v(0), lit(1)), lit(0)), lit(0)),
      true,
    ],
    [
      "where v0 = 0, else v0 − 1",
      (W) => select(call("eq", v(0), lit(0)), lit(0), at(W, sub(v(0), lit(1)), lit(0))),
      true,
    ],
    [
      "both bounds",
      (W) =>
        select(
          mul(call("ge", v(1), lit(1)), call("lt", v(1), lit(4))),
          at(W, v(0), sub(v(1), lit(1))),
          lit(0),
        ),
      true,
    ],
    [
      "one bound of two",
      (W) =>
        select(
          mul(call("ge", v(1), lit(1)), call("lt", v(1), lit(5))),
          at(W, v(0), sub(v(1), lit(1))),
          lit(0),
        ),
      false,
    ],
    [
      "by data: seen when it runs",
      (W) => select(at(W, lit(0), lit(0)), at(W, v(0), v(1)), lit(0)),
      true,
    ],
  ];
  test.each(cases)("%s", async (_, value, inside) => {
    const artifact = edited((a) => {
      packed(a).value = value(idOf(a.programs.forward, "param:W"));
    });
    const found = await refusals(artifact);
    expect(found.filter((r) => !r.startsWith("R109"))).toEqual([]);
    expect(found.length === 0).toBe(inside);
  });

  test("over steps: t, T − 1 − t, and t − 1 where t > 0; never t + 1", async () => {
    const step = (index: Expr) =>
      edited((a) => {
        const f = a.programs.forward;
        const kernel = f.stages.find(
          (s) => s.kind === "kernel" && f.buffers[s.kernel.out]!.label === "valid",
        ) as { kernel: Writable<Kernel> };
        const x = at(idOf(f, "input:x"), index, v(1), lit(0));
        kernel.kernel.value = select(call("gt", v(0), lit(0)), x, lit(0));
      });
    const last = sub(size("T"), lit(1));
    for (const inside of [v(0), sub(last, v(0)), sub(v(0), lit(1)), last, lit(0)])
      expect(await refusals(step(inside))).toEqual([]);
    for (const outside of [add(v(0), lit(1)), size("T"), sub(v(0), lit(2)), sub(v(0), size("T"))])
      expect(await refusals(step(outside))).toHaveLength(1);
  });
});
