/** @file A small artifact written by hand, gradient and all: the runtime's tests need no compiler.
 *
 *  h[t] = tanh(W x[t] + U h[t-1] + E[k[t]] + z),  h[0] = h0 (learned)
 *  s[t] = s[t-1] / 2 + s[t-2] / 4 + Σ h[t]²,      s[0] = s[-1] = 0.1
 *  x: [T, D], k: [T] of V (tokens), z: [H]; outputs h, s. */
import type { Artifact } from "../../runtime/artifact/artifact.ts";
import type { BufferId, Expr, Program } from "../../runtime/artifact/kernel.ts";
import { add, call, lit, load, mul, select, sub } from "./expr.ts";
import { type ProgramBuilder, type ScanBuilder, programBuilder } from "./program.ts";

export const D = 3;
export const H = 2;
export const V = 4;

const square = (e: Expr): Expr => mul(e, e);

/** The parameters, and U and W packed once: what depends on parameters only. */
function readParams(p: ProgramBuilder) {
  const W = p.input("param:W", [H, D]);
  const U = p.input("param:U", [H, H]);
  const E = p.input("param:E", [V, H]);
  const h0 = p.input("param:h0", [H]);
  const packed = p.prepare("U|W", [H, H + D], ([i, j]) =>
    select(call("lt", j!, lit(H)), load(U, i!, j!), load(W, i!, sub(j!, lit(H)))),
  );
  return { W, U, E, h0, packed };
}
type Params = ReturnType<typeof readParams>;

function readInitial(p: ProgramBuilder, { h0 }: Params) {
  const initialH = p.input("initial:h", ["B", H]);
  const givenH = p.input("given:h", []);
  const s = p.input("initial:s", ["B"]);
  const h = p.kernel("h start", ["B", H], ([b, i]) =>
    select(call("ne", load(givenH), lit(0)), load(initialH, b!, i!), load(h0, i!)),
  );
  return { h, s, givenH };
}

/** tanh(U h + W x + E[k] + z) and the next s. */
function step(
  s: Pick<ScanBuilder, "kernel">,
  params: Params,
  at: Readonly<Record<"x" | "k" | "z" | "h" | "s1" | "s2", BufferId>>,
) {
  const h = s.kernel("h", ["B", H], ([b, i], sum) => {
    const recurrent = sum([H], ([j]) => mul(load(params.packed, i!, j!), load(at.h, b!, j!)));
    const input = sum([D], ([j]) =>
      mul(load(params.packed, i!, add(j!, lit(H))), load(at.x, b!, j!)),
    );
    const token = load(params.E, load(at.k, b!), i!);
    return call("tanh", add(recurrent, input, token, load(at.z, b!, i!)));
  });
  const next = s.kernel("s", ["B"], ([b], sum) =>
    add(
      mul(lit(0.5), load(at.s1, b!)),
      mul(lit(0.25), load(at.s2, b!)),
      sum([H], ([j]) => square(load(h, b!, j!))),
    ),
  );
  return { h, s: next };
}

interface Forward {
  readonly params: Params;
  readonly x: BufferId;
  readonly k: BufferId;
  readonly givenH: BufferId;
  readonly valid: BufferId;
  readonly hs: BufferId;
  readonly before: BufferId;
}

/** Writes outputs and finals. `valid[t, b]` is 1 inside the sample. */
function forward(p: ProgramBuilder, masked: boolean): Forward {
  const params = readParams(p);
  const x = p.input("input:x", ["T", "B", D]);
  const k = p.input("input:k", ["T", "B"], "index");
  const z = p.input("input:z", ["B", H]);
  const length = masked ? p.input("length:T", ["B"]) : null;
  const start = readInitial(p, params);
  const valid = p.kernel("valid", ["T", "B"], ([t, b]) =>
    length === null ? lit(1) : call("lt", t!, load(length, b!)),
  );
  return p.scan("T", false, (s) => {
    const [h, s1, s2] = [s.carry("h", start.h), s.carry("s", start.s), s.carry("s#2", start.s)];
    const m = s.slice(valid);
    const next = step(s, params, { x: s.slice(x), k: s.slice(k), z, h, s1, s2 });
    const kept = (name: string, value: BufferId, old: BufferId, feature: readonly number[]) =>
      s.kernel(name, ["B", ...feature], (at) =>
        select(load(m, at[0]!), load(value, ...at), load(old, ...at)),
      );
    const shown = (name: string, value: BufferId, feature: readonly number[]) =>
      s.kernel(name, ["B", ...feature], (at) =>
        select(load(m, at[0]!), load(value, ...at), lit(0)),
      );
    s.next(h, kept("h kept", next.h, h, [H]));
    s.next(s1, kept("s kept", next.s, s1, []));
    s.next(s2, kept("s#2 kept", s1, s2, []));
    const [hs, before] = [s.collect(next.h), s.collect(h)];
    p.output("output:h", s.collect(shown("h shown", next.h, [H])));
    p.output("output:s", s.collect(shown("s shown", next.s, [])));
    p.output("final:h", s.final(h));
    p.output("final:s", s.final(s1));
    return { params, x, k, givenH: start.givenH, valid, hs, before };
  });
}

function gradient(masked: boolean): Program {
  const p = programBuilder();
  const f = forward(p, masked);
  const { U, W } = f.params;
  const upH = p.input("upstream:h", ["T", "B", H]);
  const upS = p.input("upstream:s", ["T", "B"]);
  const endH = p.input("upstream-final:h", ["B", H]);
  const endS = p.input("upstream-final:s", ["B"]);
  const zero = p.kernel("0", ["B"], () => lit(0));
  const { dzs, dh0, d1, d2 } = p.scan("T", true, (s) => {
    const [ah, a1, a2] = [s.carry("dh", endH), s.carry("ds", endS), s.carry("ds#2", zero)];
    const [m, h, uh, us] = [s.slice(f.valid), s.slice(f.hs), s.slice(upH), s.slice(upS)];
    const ds = s.kernel("ds new", ["B"], ([b]) =>
      select(load(m, b!), add(load(a1, b!), load(us, b!)), lit(0)),
    );
    const dz = s.kernel("dz", ["B", H], ([b, i]) => {
      const y = load(h, b!, i!);
      const dh = add(load(ah, b!, i!), load(uh, b!, i!), mul(lit(2), mul(y, load(ds, b!))));
      return select(load(m, b!), mul(dh, sub(lit(1), square(y))), lit(0));
    });
    const left = (id: BufferId, ...at: readonly Expr[]) =>
      select(load(m, at[0]!), lit(0), load(id, ...at));
    s.next(
      ah,
      s.kernel("dh before", ["B", H], ([b, i], sum) =>
        add(
          sum([H], ([j]) => mul(load(U, j!, i!), load(dz, b!, j!))),
          left(ah, b!, i!),
        ),
      ),
    );
    const half = (name: string, weight: number, after: BufferId, other: BufferId) =>
      s.kernel(name, ["B"], ([b]) =>
        add(mul(lit(weight), load(ds, b!)), select(load(m, b!), load(after, b!), load(other, b!))),
      );
    s.next(a1, half("ds before", 0.5, a2, a1));
    s.next(a2, half("ds#2 before", 0.25, zero, a2));
    p.output("grad:input:z", s.sum(dz));
    return { dzs: s.collect(dz), dh0: s.final(ah), d1: s.final(a1), d2: s.final(a2) };
  });
  p.output(
    "grad:param:W",
    p.kernel("dW", [H, D], ([i, j], sum) =>
      sum(["T", "B"], ([t, b]) => mul(load(dzs, t!, b!, i!), load(f.x, t!, b!, j!))),
    ),
  );
  p.output(
    "grad:param:U",
    p.kernel("dU", [H, H], ([i, j], sum) =>
      sum(["T", "B"], ([t, b]) => mul(load(dzs, t!, b!, i!), load(f.before, t!, b!, j!))),
    ),
  );
  p.output(
    "grad:param:E",
    p.kernel("dE", [V, H], ([r, i], sum) =>
      sum(["T", "B"], ([t, b]) =>
        select(call("eq", load(f.k, t!, b!), r!), load(dzs, t!, b!, i!), lit(0)),
      ),
    ),
  );
  p.output(
    "grad:param:h0",
    p.kernel("dh0", [H], ([i], sum) =>
      select(
        load(f.givenH),
        lit(0),
        sum(["B"], ([b]) => load(dh0, b!, i!)),
      ),
    ),
  );
  p.output(
    "grad:input:x",
    p.kernel("dx", ["T", "B", D], ([t, b, j], sum) =>
      sum([H], ([i]) => mul(load(W, i!, j!), load(dzs, t!, b!, i!))),
    ),
  );
  p.output(
    "grad:initial:h",
    p.kernel("dh start", ["B", H], ([b, i]) => select(load(f.givenH), load(dh0, b!, i!), lit(0))),
  );
  p.output(
    "grad:initial:s",
    p.kernel("ds start", ["B"], ([b]) => add(load(d1, b!), load(d2, b!))),
  );
  return p.done();
}

function forwardProgram(masked: boolean): Program {
  const p = programBuilder();
  forward(p, masked);
  return p.done();
}

function stepProgram(): Program {
  const p = programBuilder();
  const params = readParams(p);
  const x = p.input("input:x", ["B", D]);
  const k = p.input("input:k", ["B"], "index");
  const z = p.input("input:z", ["B", H]);
  const h = p.input("state:h", ["B", H]);
  const s1 = p.input("state:s", ["B"]);
  const s2 = p.input("state:s#2", ["B"]);
  const next = step(p, params, { x, k, z, h, s1, s2 });
  p.output("output:h", next.h);
  p.output("output:s", next.s);
  p.output("state:h", next.h);
  p.output("state:s", next.s);
  p.output("state:s#2", s1);
  return p.done();
}

function startProgram(): Program {
  const p = programBuilder();
  const start = readInitial(p, readParams(p));
  p.output("state:h", start.h);
  p.output("state:s", start.s);
  p.output("state:s#2", start.s);
  return p.done();
}

const TEXT = `cell Probe<D, H, V> {
  input x: [D]
  input k: [] of V
  input z: [H]
  state h: [H] = learn(zeros)
  state s: [] = 0.1
  let a[t] = W @ x[t] + U @ h[t-1] + E[k[t]] + z
  h[t] = tanh(a[t])
  s[t] = s[t-1] / 2 + s[t-2] / 4 + dot(h[t], h[t])
  output h, s
}
`;

/** A fresh copy, plain JSON. */
export function probe(): Artifact {
  return JSON.parse(JSON.stringify(PROBE)) as Artifact;
}

const PROBE: Artifact = {
  format: "cellc-artifact",
  version: 1,
  entry: { name: "Probe", kind: "cell", direction: "forward" },
  dims: { D, H, V },
  hash: "5eed".repeat(16),
  params: [
    { name: "W", shape: [H, D], initialiser: { name: "glorot_uniform", args: {} }, place: 0 },
    { name: "U", shape: [H, H], initialiser: { name: "orthogonal", args: {} }, place: 0 },
    { name: "E", shape: [V, H], initialiser: { name: "normal", args: { std: 0.5 } }, place: 0 },
    {
      name: "h0",
      shape: [H],
      initialiser: { name: "uniform", args: { low: -1, high: 1 } },
      place: 0,
    },
  ],
  inputs: [
    { name: "x", seq: "T", memory: false, shape: [D], of: null, place: 0 },
    { name: "k", seq: "T", memory: false, shape: [], of: V, place: 0 },
    { name: "z", seq: null, memory: false, shape: [H], of: null, place: 0 },
  ],
  outputs: [
    { name: "h", seq: "T", shape: [H], place: 1 },
    { name: "s", seq: "T", shape: [], place: 2 },
  ],
  states: [
    { name: "h", shape: [H], lags: 1, initial: null, place: 1 },
    { name: "s", shape: [], lags: 2, initial: 0.1, place: 2 },
  ],
  randoms: [],
  train: null,
  source: {
    files: [{ path: "probe.cell", text: TEXT }],
    places: [
      { of: "let a", file: 0, line: 7, column: 3 },
      { of: "h", file: 0, line: 8, column: 3 },
      { of: "s", file: 0, line: 9, column: 3 },
    ],
    reads: Object.fromEntries(
      ["param:W", "param:U", "param:E", "input:x", "input:k", "input:z", "initial:h"]
        .map((name): [string, number[]] => [name, [0]])
        .concat([["initial:s", [2]]]),
    ),
  },
  programs: {
    forward: forwardProgram(false),
    forwardMasked: forwardProgram(true),
    gradient: gradient(false),
    gradientMasked: gradient(true),
    step: stepProgram(),
    start: startProgram(),
    loss: null,
    lossMasked: null,
    train: null,
    trainMasked: null,
    update: null,
  },
};
