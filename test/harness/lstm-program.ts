/** @file A recurrence with gates and its gradient, as a schedule would have them. In: nothing. Out: two
 *  programs, and the streaming step. z_g = W_g x + U_g h + b_g for g = i, f, g, o. */
import type { Expr } from "../../runtime/artifact/kernel.ts";
import { add, call, lit, load, mul, select, sub } from "./expr.ts";
import { type ProgramBuilder, programBuilder } from "./program.ts";
import { type Handmade, SEQUENCES } from "./programs.ts";

const D = 7;
const H = 12;
const [INPUT, FORGET, CELL, OUTPUT] = [lit(0), lit(1), lit(2), lit(3)];

export function lstmPrograms(): readonly Handmade[] {
  return [
    {
      name: "gates forward",
      sizes: SEQUENCES,
      build: (p) => {
        const { out } = forward(p);
        p.output("output:h", out.h);
        p.output("final:h", out.hLast);
        p.output("final:c", out.cLast);
      },
    },
    { name: "gates backward", sizes: SEQUENCES, build: backward },
  ];
}

/** One step on inputs x, states h and c. */
export function lstmStep() {
  const p = programBuilder();
  const x = p.input("input:x", ["B", D]);
  const h = p.input("state:h", ["B", H]);
  const c = p.input("state:c", ["B", H]);
  const weights = parameters(p);
  const zx = p.kernel("zx", ["B", 4, H], ([b, g, j], sum) =>
    add(
      sum([D], ([k]) => mul(load(x, b!, k!), load(weights.w, g!, j!, k!))),
      load(weights.b, g!, j!),
    ),
  );
  const act = p.kernel("act", ["B", 4, H], gates(zx, h, weights.u));
  const next = p.kernel("c'", ["B", H], cell(act, c));
  const out = p.kernel("h'", ["B", H], hidden(act, next));
  p.output("output:h", out);
  p.output("state:h", out);
  p.output("state:c", next);
  return p.done();
}

function parameters(p: ProgramBuilder) {
  return {
    w: p.input("param:W", [4, H, D]),
    u: p.input("param:U", [4, H, H]),
    b: p.input("param:b", [4, H]),
  };
}

type Kernel = Parameters<ProgramBuilder["kernel"]>[2];

const gates =
  (zx: number, h: number, u: number): Kernel =>
  ([b, g, j], sum) => {
    const z = add(
      load(zx, b!, g!, j!),
      sum([H], ([k]) => mul(load(h, b!, k!), load(u, g!, j!, k!))),
    );
    return select(call("eq", g!, CELL), call("tanh", z), call("sigmoid", z));
  };

const cell =
  (act: number, c: number): Kernel =>
  ([b, j]) =>
    add(
      mul(load(act, b!, FORGET, j!), load(c, b!, j!)),
      mul(load(act, b!, INPUT, j!), load(act, b!, CELL, j!)),
    );

const hidden =
  (act: number, c: number): Kernel =>
  ([b, j]) =>
    mul(load(act, b!, OUTPUT, j!), call("tanh", load(c, b!, j!)));

function forward(p: ProgramBuilder) {
  const x = p.input("input:x", ["T", "B", D]);
  const h0 = p.input("initial:h", ["B", H]);
  const c0 = p.input("initial:c", ["B", H]);
  const weights = parameters(p);
  const zx = p.kernel("zx", ["T", "B", 4, H], ([t, b, g, j], sum) =>
    add(
      sum([D], ([k]) => mul(load(x, t!, b!, k!), load(weights.w, g!, j!, k!))),
      load(weights.b, g!, j!),
    ),
  );
  const out = p.scan("T", false, (s) => {
    const h = s.carry("h", h0);
    const c = s.carry("c", c0);
    const act = s.kernel("act", ["B", 4, H], gates(s.slice(zx), h, weights.u));
    const cNext = s.kernel("c'", ["B", H], cell(act, c));
    const hNext = s.kernel("h'", ["B", H], hidden(act, cNext));
    s.next(h, hNext);
    s.next(c, cNext);
    return {
      h: s.collect(hNext),
      c: s.collect(cNext),
      act: s.collect(act),
      hLast: s.final(h),
      cLast: s.final(c),
    };
  });
  return { x, h0, c0, weights, out };
}

function backward(p: ProgramBuilder): void {
  const { x, h0, c0, weights, out } = forward(p);
  const dy = p.input("upstream:h", ["T", "B", H]);
  const zero = p.kernel("zero", ["B", H], () => lit(0));
  const before = (label: string, rows: number, init: number) =>
    p.kernel(label, ["T", "B", H], ([t, b, j]) =>
      select(call("gt", t!, lit(0)), load(rows, sub(t!, lit(1)), b!, j!), load(init, b!, j!)),
    );
  const hBefore = before("h[t-1]", out.h, h0);
  const cBefore = before("c[t-1]", out.c, c0);
  const square = (e: Expr): Expr => mul(e, e);
  const back = p.scan("T", true, (s) => {
    const dh = s.carry("dh", zero);
    const dc = s.carry("dc", zero);
    const [dyT, actT, cT, cB] = [s.slice(dy), s.slice(out.act), s.slice(out.c), s.slice(cBefore)];
    const dcT = s.kernel("dc total", ["B", H], ([b, j]) =>
      add(
        load(dc, b!, j!),
        mul(
          mul(add(load(dyT, b!, j!), load(dh, b!, j!)), load(actT, b!, OUTPUT, j!)),
          sub(lit(1), square(call("tanh", load(cT, b!, j!)))),
        ),
      ),
    );
    const dz = s.kernel("dz", ["B", 4, H], ([b, g, j]) => {
      const a = load(actT, b!, g!, j!);
      const slope = mul(a, sub(lit(1), a));
      const inner = load(dcT, b!, j!);
      const output = mul(
        mul(add(load(dyT, b!, j!), load(dh, b!, j!)), call("tanh", load(cT, b!, j!))),
        slope,
      );
      const input = mul(mul(inner, load(actT, b!, CELL, j!)), slope);
      const forget = mul(mul(inner, load(cB, b!, j!)), slope);
      const candidate = mul(mul(inner, load(actT, b!, INPUT, j!)), sub(lit(1), square(a)));
      return select(
        call("eq", g!, INPUT),
        input,
        select(call("eq", g!, FORGET), forget, select(call("eq", g!, CELL), candidate, output)),
      );
    });
    const dhNext = s.kernel("dh'", ["B", H], ([b, k], sum) =>
      sum([4, H], ([g, j]) => mul(load(dz, b!, g!, j!), load(weights.u, g!, j!, k!))),
    );
    const dcNext = s.kernel("dc'", ["B", H], ([b, j]) =>
      mul(load(dcT, b!, j!), load(actT, b!, FORGET, j!)),
    );
    s.next(dh, dhNext);
    s.next(dc, dcNext);
    return { dz: s.collect(dz), dh0: s.final(dh), dc0: s.final(dc) };
  });
  const outer = (label: string, of: number, n: number) =>
    p.kernel(label, [4, H, n], ([g, j, k], sum) =>
      sum(["T", "B"], ([t, b]) => mul(load(back.dz, t!, b!, g!, j!), load(of, t!, b!, k!))),
    );
  p.output("grad:param:W", outer("dW", x, D));
  p.output("grad:param:U", outer("dU", hBefore, H));
  p.output(
    "grad:param:b",
    p.kernel("db", [4, H], ([g, j], sum) =>
      sum(["T", "B"], ([t, b]) => load(back.dz, t!, b!, g!, j!)),
    ),
  );
  p.output(
    "grad:input:x",
    p.kernel("dx", ["T", "B", D], ([t, b, k], sum) =>
      sum([4, H], ([g, j]) => mul(load(back.dz, t!, b!, g!, j!), load(weights.w, g!, j!, k!))),
    ),
  );
  p.output("grad:initial:h", back.dh0);
  p.output("grad:initial:c", back.dc0);
  p.output("output:h", out.h);
}
