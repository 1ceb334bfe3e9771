/** @file Random cells as text. In: nothing. Out: fast-check arbitraries of specs that check: states, gates, lets that
 *  read them in every way that the bounds have a rule for. */
import fc from "fast-check";

/** Sizes of every random cell. */
export const SIZES = { D: 2, H: 3 } as const;

/** A step's values so far, by how they are written. */
type Known = readonly string[];

/** W x[t] + U v + p * w + b, of parameters of its own. */
const affine = (n: string, known: Known): fc.Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom(...known), fc.constantFrom(...known), fc.boolean(), fc.boolean())
    .map(([v, w, product, peephole]) =>
      [
        `W_${n} @ x[t]`,
        ...(product ? [`U_${n} @ ${v}`] : []),
        ...(peephole ? [`p_${n} * ${w}`] : []),
        `b_${n}`,
      ].join(" + "),
    );

const squash = fc.constantFrom("tanh", "sigmoid", "relu", "softsign", "hard_sigmoid");

/** A new vector from known ones. */
const value = (n: string, known: Known): fc.Arbitrary<string> => {
  const one = fc.constantFrom(...known);
  return fc.oneof(
    fc.tuple(squash, affine(n, known)).map(([f, v]) => `${f}(${v})`),
    fc.tuple(one, one, one).map(([z, a, b]) => `sigmoid(${z}) * ${a} + (1 - sigmoid(${z})) * ${b}`),
    fc.tuple(one, one).map(([a, b]) => `${a} * ${b}`),
    fc.tuple(one, one).map(([a, b]) => `${a} - 0.3 * ${b}`),
    fc.tuple(one, one).map(([a, b]) => `maximum(${a}, 0.5 * ${b})`),
    one.map((a) => `${a} - mean(${a})`),
    one.map((a) => `${a} / (1 + abs(${a}))`),
  );
};

/** A state's next value: blends that stay bounded as often as sums that may not. */
const next = (n: string, state: string, known: Known): fc.Arbitrary<string> => {
  const one = fc.constantFrom(...known);
  const old = `${state}[t-1]`;
  return fc.oneof(
    fc
      .tuple(one, value(n, known))
      .map(([z, v]) => `sigmoid(${z}) * ${old} + (1 - sigmoid(${z})) * (${v})`),
    affine(n, known).map((v) => `tanh(${v})`),
    value(n, known).map((v) => `0.5 * ${old} + ${v}`),
    fc.tuple(one, value(n, known)).map(([z, v]) => `sigmoid(${z}) * ${old} + tanh(${v})`),
    affine(n, known).map((v) => `tanh(${v}) + 0.2 * ${state}[t-2]`),
  );
};

/** One to three states, up to three values between them. */
export const randomCells: fc.Arbitrary<string> = fc
  .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 3 }))
  .chain(([states, lets]) => {
    const names = ["h", "c", "s"].slice(0, states);
    const before = names.map((n) => `${n}[t-1]`);
    const lines: fc.Arbitrary<string>[] = [];
    let known: Known = before;
    for (let k = 0; k < lets; k++) {
      lines.push(value(`v${k}`, known).map((v) => `  let v${k}[t] = ${v}`));
      known = [...known, `v${k}[t]`];
    }
    for (const n of names) {
      lines.push(next(n, n, known).map((v) => `  ${n}[t] = ${v}`));
      known = [...known, `${n}[t]`];
    }
    return fc.tuple(...lines).map(textOf(names));
  });

function textOf(names: readonly string[]): (equations: readonly string[]) => string {
  return (equations) => {
    const body = equations.join("\n");
    const used = (kind: string) => [
      ...new Set(body.match(new RegExp(`\\b${kind}_\\w+`, "g")) ?? []),
    ];
    const param = (kind: string, shape: string, how: string) =>
      used(kind).map((p) => `  param ${p}: ${shape} ~ ${how}`);
    return [
      "cell Random<D, H> {",
      "  input x: [D]",
      `  state ${names.join(", ")}: [H] = 0`,
      ...param("W", "[H, D]", "normal(0, 0.7)"),
      ...param("U", "[H, H]", "normal(0, 0.7)"),
      ...param("p", "[H]", "normal(0, 0.7)"),
      ...param("b", "[H]", "normal(0, 0.5)"),
      body,
      `  output ${names.join(", ")}`,
      "}",
      "",
    ].join("\n");
  };
}
