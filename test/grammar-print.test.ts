import { describe, expect, test } from "vitest";
import { print, WIDTH } from "../grammar/print.ts";

/** Written → formatted; members are tried inside a cell, two spaces in. */
const members: readonly (readonly [what: string, written: string, formatted: string])[] = [
  ["spaces", "input   x:[D,2*H]", "input x: [D, 2 * H]"],
  ["ASCII", "h[t]=σ(a)⊙b·c", "h[t] = sigmoid(a) * b * c"],
  ["needless parentheses go", "let y = ((a * b) + (c))", "let y = a * b + c"],
  ["needed ones stay", "let y = a * (b + c) - (d - e)", "let y = a * (b + c) - (d - e)"],
  ["of powers and signs", "let y = (-a)^2 * (-(b^2))^(c+1)", "let y = (-a)^2 * (-b^2)^(c + 1)"],
  ["of dims in expressions", "let y = (A<H>) * f(A< H >)", "let y = (A<H>) * f(A<H>)"],
  ["of what would read as dims", "let y = f((a < b), c > (d))", "let y = f(a < b, c > d)"],
  ["", "let y = f((a<b), c > (d|e))", "let y = f((a < b), c > (d | e))"],
  ["lags", "let y[t] = x[ t ] + h[t - 2]", "let y[t] = x[t] + h[t-2]"],
  ["two on a line", "input x: [] input y: []", "input x: []\n  input y: []"],
  ["trailing comments", "input x: []     // why", "input x: [] // why"],
  ["docs", "///why\n///   more\ninput x: []", "/// why\n  ///   more\n  input x: []"],
  ["groups", "input x: []\n\n\n\ninput y: []", "input x: []\n\n  input y: []"],
  [
    "comments in expressions",
    "h[t] = tanh(a // one\n + b\n // two\n + c)",
    "h[t] = tanh(\n    a // one\n    + b\n    // two\n    + c\n  )",
  ],
  [
    "comments that fit nowhere, after",
    "input // one\n x // two\n : []",
    "input x: [] // one\n  // two",
  ],
  [
    "a long call",
    `let y = f(${"argument, ".repeat(10)}last)`,
    `let y = f(\n    ${"argument,\n    ".repeat(10)}last\n  )`,
  ],
  [
    "a long sum",
    `let y = ${"summand * factor + ".repeat(6)}last`,
    `let y =\n    summand * factor\n${"    + summand * factor\n".repeat(5)}    + last`,
  ],
  [
    "a long pipe",
    `let y = x${" | layer(argument)".repeat(7)}`,
    `let y =\n    x${"\n    | layer(argument)".repeat(7)}`,
  ],
  [
    "many names",
    `param ${"W_some, ".repeat(12)}W: [H] ~ zeros`,
    `param ${"W_some,\n    ".repeat(12)}W: [H] ~ zeros`,
  ],
];

describe("members", () => {
  test.each(members)("%s: %s", (_, written, formatted) => {
    const result = print(`cell A {\n${written}\n}`, "t.cell");
    expect(result.diagnostics).toEqual([]);
    expect(result.text).toBe(`cell A {\n  ${formatted}\n}\n`);
  });
});

const files: readonly (readonly [what: string, written: string, formatted: string])[] = [
  ["nothing", "  \n\n", ""],
  ["only a comment", "// a", "// a\n"],
  ["empty blocks", "cell A{\n\n}", "cell A {}\n"],
  ["blocks of comments", "cell A { // a\n\n// b\n}", "cell A { // a\n  // b\n}\n"],
  [
    "imports",
    'import {a,b} from "x"\nimport{c}from"y"',
    'import { a, b } from "x"\nimport { c } from "y"\n',
  ],
  [
    "apart",
    'import {a} from "x"\nfn f()->[]=1\nfn g()->[]=2',
    'import { a } from "x"\n\nfn f() -> [] = 1\n\nfn g() -> [] = 2\n',
  ],
  ["headers", "cell A<D,H=2*D>extends B<(D)>{}", "cell A<D, H = 2 * D> extends B<D> {}\n"],
  [
    "settings",
    "train M{loss mse(y,z:[T]of K)clip norm 1.0}",
    "train M {\n  loss mse(y, z: [T] of K)\n  clip norm 1.0\n}\n",
  ],
  [
    "line ends of other systems",
    "// a\r\ncell A {\r\ninput x: []\r\n}\r\n",
    "// a\ncell A {\n  input x: []\n}\n",
  ],
  [
    "comments stay with what follows them",
    "cell A {}\n// of B\ncell B {}",
    "cell A {}\n\n// of B\ncell B {}\n",
  ],
];

describe("files", () => {
  test.each(files)("%s", (_, written, formatted) => {
    expect(print(written, "t.cell")).toEqual({ text: formatted, diagnostics: [] });
    expect(print(formatted, "t.cell").text).toBe(formatted);
  });
});

test(`lines break at ${WIDTH} columns`, () => {
  const line = (length: number): string => `fn f() -> [] = g(${"x".repeat(length - 21)}, y)\n`;
  expect(print(line(WIDTH), "t.cell").text).toBe(line(WIDTH));
  expect(print(line(WIDTH + 1), "t.cell").text.split("\n").length).toBe(5);
});
