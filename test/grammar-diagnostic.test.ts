import { describe, expect, test } from "vitest";
import { error, inOrder, nearest, render, toJson, warning } from "../grammar/diagnostic.ts";
import type { Span } from "../grammar/span.ts";

const TEXT = "cell A {\n\tgate f[t] = W_f\n}\n";
const at = (line: number, column: number, width: number): Span => {
  const start =
    TEXT.split("\n")
      .slice(0, line - 1)
      .join("\n").length +
    (line > 1 ? 1 : 0) +
    column -
    1;
  return { file: "a.cell", start, end: start + width, line, column };
};
const sources = new Map([["a.cell", TEXT]]);

describe("render", () => {
  test("carets under the span, the label after them, a note, a way out", () => {
    const d = error("E203", at(2, 14, 3), "shape mismatch in gate `f`", {
      label: "has [H, D]",
      help: "did you mean `U_f`?",
      related: [{ span: at(1, 6, 1), message: "of this cell" }],
    });
    expect(render([d], sources)).toBe(
      [
        "error[E203]: shape mismatch in gate `f`",
        " --> a.cell:2:14",
        "  |",
        "2 | \tgate f[t] = W_f",
        "  | \t            ^^^ has [H, D]",
        "  = note: of this cell (a.cell:1:6)",
        "  = help: did you mean `U_f`?",
        "",
      ].join("\n"),
    );
  });

  test("a span over several lines is underlined on its first", () => {
    expect(render([warning("W203", at(1, 1, 20), "w")], sources)).toContain(
      "1 | cell A {\n  | ^^^^^^^^\n",
    );
  });

  test("at the end of the text, and without the text", () => {
    expect(render([error("E104", at(4, 1, 0), "end")], sources)).toContain("4 |\n  | ^\n");
    expect(render([error("E104", at(2, 1, 1), "end", { label: "here" })], new Map())).toBe(
      "error[E104]: end\n --> a.cell:2:1\n  = here\n",
    );
  });

  test("colours only where asked", () => {
    const d = error("E104", at(1, 1, 4), "m");
    expect(render([d], sources)).not.toContain("\u001b");
    expect(render([d], sources, { color: true })).toContain("\u001b[1;31merror[E104]\u001b[0m");
  });
});

test("toJson is plain data", () => {
  const d = error("E104", at(1, 1, 4), "m", { help: "h" });
  expect(JSON.parse(JSON.stringify(toJson([d])))).toEqual([
    {
      ...{ code: "E104", severity: "error", message: "m", label: "", help: "h", related: [] },
      ...{ file: "a.cell", line: 1, column: 1, start: 0, end: 4 },
    },
  ]);
});

test("inOrder sorts by place", () => {
  const places = [at(2, 3, 1), at(1, 2, 1), at(2, 1, 1)].map((span) => error("E104", span, "m"));
  expect(inOrder(places).map((d) => `${d.span.line}:${d.span.column}`)).toEqual([
    "1:2",
    "2:1",
    "2:3",
  ]);
});

test.each([
  ["epoch", ["batch", "epochs"], "epochs"],
  ["optimiser", ["loss", "optimizer"], "optimizer"],
  ["gaet", ["let", "gate"], "gate"],
  ["w_f", ["W_f", "W_i"], "W_f"],
  ["W_x", ["W_f", "W_i"], "W_f"],
  ["x", ["y", "z"], null],
  ["lr", ["loss"], null],
  ["same", ["same"], null],
  ["", ["a"], null],
])("nearest to %s of %j is %s", (name, candidates, expected) => {
  expect(nearest(name, candidates)).toBe(expected);
});
