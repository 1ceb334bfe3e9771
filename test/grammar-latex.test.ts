/** @file Expressions as LaTeX: the forms that papers use, brackets as the tree needs them, and KaTeX reads
 *  every equation of specs/ and of random trees. */
import fc from "fast-check";
import katex from "katex";
import { describe, expect, test } from "vitest";
import type { Equation, Expr } from "../grammar/ast.ts";
import { latexOf, latexOfEquation } from "../grammar/latex.ts";
import { latexOfDim, latexOfName } from "../grammar/latex-names.ts";
import { parse } from "../grammar/parse.ts";
import { expression } from "./grammar-arbitrary.ts";
import { FOLDERS, specFiles } from "./harness/library.ts";
import { reader } from "./harness/spec.ts";

/** Throws where KaTeX does not know a word, or warns. */
const typeset = (tex: string): string =>
  katex.renderToString(tex, { throwOnError: true, strict: "error", displayMode: true });

function expr(text: string): Expr {
  const { ast, diagnostics } = parse(`fn f(v: [N]) -> [N] = ${text}\n`, "t.cell");
  expect(diagnostics, text).toEqual([]);
  const [fn] = ast.items;
  if (fn?.kind !== "fn") throw new Error(text);
  return fn.body;
}

describe("names", () => {
  test.each([
    ["W_f", null, "W_{f}"],
    ["h", 0, "h_{t}"],
    ["h", 2, "h_{t-2}"],
    ["s1", 0, "s_{1,t}"],
    ["log_i", 0, "\\mathit{log}_{i,t}"],
    ["alpha", null, "\\alpha"],
    ["epsilon", null, "\\varepsilon"],
    ["b_alpha", null, "b_{\\alpha}"],
    ["gain_xi", null, "\\mathit{gain}_{\\mathrm{xi}}"],
    ["U_1", null, "U_{1}"],
    ["_x", 0, "\\mathtt{\\_x}_{t}"],
    ["x__y", null, "\\mathtt{x\\_\\_y}"],
  ])("%s at lag %s", (name, lag, tex) => {
    expect(latexOfName(name, lag)).toBe(tex);
    typeset(tex);
  });
});

test.each([
  ["W_i @ x[t] + U_i @ h[t-1] + b_i", "W_{i}\\,x_{t} + U_{i}\\,h_{t-1} + b_{i}"],
  ["f[t] * c[t-1]", "f_{t} \\odot c_{t-1}"],
  ["2 * v", "2\\,v"],
  ["v * 2 / 3", "\\frac{v \\cdot 2}{3}"],
  ["W @ (r * h)", "W\\,(r \\odot h)"],
  ["W @ r * h", "W\\,r \\odot h"],
  ["r * W @ h", "(r \\odot W)\\,h"],
  ["A @ (B @ h)", "A\\,(B\\,h)"],
  ["a - (b - c)", "a - (b - c)"],
  ["a - b - c", "a - b - c"],
  ["a + -b", "a + (-b)"],
  ["-a * b", "(-a) \\odot b"],
  ["-(a * b)", "-a \\odot b"],
  ["(a + b)^2", "(a + b)^{2}"],
  ["tanh(v)^2", "\\tanh(v)^{2}"],
  ["transpose(A)^2", "(A^{\\top})^{2}"],
  ["(a / b)^2", "\\left(\\frac{a}{b}\\right)^{2}"],
  ["1e-5 * v", "10^{-5}\\,v"],
  ["2 * 1.5e3", "2\\,(1.5 \\cdot 10^{3})"],
  [
    "where(a < b, a, 0)",
    "\\begin{cases} a & \\text{if } a < b \\\\ 0 & \\text{otherwise} \\end{cases}",
  ],
  ["(a > 0) * b", "[a > 0] \\odot b"],
  ["dot(n, q) * v", "n^{\\top}\\,q\\,v"],
  ["i * outer(v, k)", "i \\odot v\\,k^{\\top}"],
  ["part(a, 2 * H, H)", "a[2\\,H{:}3\\,H]"],
  ["part(a, 0, H)", "a[0{:}H]"],
  ["part(a, 2, 3)", "a[2{:}5]"],
  ["part(a, D, H)", "a[D{:}D + H]"],
  ["concat(a, b)", "[a;\\, b]"],
  ["abs(dot(n, q))", "\\lvert n^{\\top}\\,q\\rvert "],
  ["layer_norm(v, g)", "\\operatorname{layer\\_norm}(v, g)"],
  ["dropout(h, p, per = step)", "\\operatorname{dropout}(h, p, \\mathit{per} = \\mathit{step})"],
  ["where(a)", "\\operatorname{where}(a)"],
])("%s", (text, tex) => {
  expect(latexOf(expr(text))).toBe(tex);
  typeset(tex);
});

test("names known to be scalars scale without a sign", () => {
  const scalars = new Set(["alpha", "beta"]);
  expect(latexOf(expr("alpha * (a + b)"), scalars)).toBe("\\alpha\\,(a + b)");
  expect(latexOf(expr("(1 - alpha) * v * w"), scalars)).toBe("(1 - \\alpha)\\,v \\odot w");
  expect(latexOf(expr("alpha * beta * W @ v"), scalars)).toBe("\\alpha\\,\\beta\\,W\\,v");
  expect(latexOf(expr("alpha * 2"), scalars)).toBe("\\alpha \\cdot 2");
});

test("dims", () => {
  const { ast } = parse("fn f(v: [4 * H, D + A, (D + A) / 2, 2 * 3]) -> [] = 1\n", "t.cell");
  const [fn] = ast.items;
  const dims = fn?.kind === "fn" ? fn.params[0]!.shape.dims.map((d) => latexOfDim(d)) : [];
  expect(dims).toEqual(["4\\,H", "D + A", "(D + A)/2", "2 \\cdot 3"]);
});

describe("KaTeX reads", () => {
  test.each(FOLDERS)("every equation and function of specs/%s", (folder) => {
    for (const { path } of specFiles(folder)) {
      const { ast } = parse(reader(path, undefined)(path) ?? "", path);
      for (const item of ast.items) {
        if (item.kind === "fn") typeset(latexOf(item.body));
        else if (item.kind !== "train") for (const e of equations(item.members)) typeset(e);
      }
    }
  });

  test("random trees, with nothing left out", () => {
    fc.assert(
      fc.property(expression, (e) => {
        const tex = latexOf(e);
        const shown = typeset(tex);
        for (const name of plainNames(e)) expect(shown, tex).toContain(name);
      }),
      { seed: 20_240_607, numRuns: 400 },
    );
  });
});

function equations(members: readonly { readonly kind: string }[]): readonly string[] {
  return members.flatMap((m) => {
    if (m.kind !== "equation") return [];
    const { left, right } = latexOfEquation(m as Equation);
    return [`${left} = ${right}`];
  });
}

/** Names of many letters that no custom writes otherwise: they stand in the output as they are. */
function plainNames(e: Expr): readonly string[] {
  const found: string[] = [];
  JSON.stringify(e, (key, value) => {
    if (key === "name" && typeof value === "string" && /^[A-Z][a-z]{6,}$/.test(value))
      found.push(value);
    return value;
  });
  return found.filter((name) => name !== "Epsilon" && name !== "Upsilon");
}
