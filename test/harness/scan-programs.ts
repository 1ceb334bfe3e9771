/** @file Loops over steps. In: nothing. Out: programs with scans. Never a cell anyone would train. */
import { add, call, lit, load, mul, sub } from "./expr.ts";
import { type Handmade, SEQUENCES } from "./programs.ts";

export function scanPrograms(): readonly Handmade[] {
  return [...[false, true].map(running), ...[false, true].map(swapping), memory(), nested()];
}

const direction = (reverse: boolean): string => (reverse ? "backward" : "forward");

/** h = tanh(x W + h U); rows, finals, and Σ h collected. */
function running(reverse: boolean): Handmade {
  return {
    name: `recurrence ${direction(reverse)}`,
    sizes: SEQUENCES,
    build: (p) => {
      const x = p.input("input:x", ["T", "B", 5]);
      const h0 = p.input("initial:h", ["B", 6]);
      const w = p.input("param:W", [6, 5]);
      const u = p.input("param:U", [6, 6]);
      const out = p.scan("T", reverse, (s) => {
        const h = s.carry("h", h0);
        const row = s.slice(x);
        const next = s.kernel("h'", ["B", 6], ([b, j], sum) =>
          call(
            "tanh",
            add(
              sum([5], ([k]) => mul(load(row, b!, k!), load(w, j!, k!))),
              sum([6], ([k]) => mul(load(h, b!, k!), load(u, j!, k!))),
            ),
          ),
        );
        const outer = s.kernel("h' h'", [6, 6], ([i, j], sum) =>
          sum(["B"], ([b]) => mul(load(next, b!, i!), load(h, b!, j!))),
        );
        s.next(h, next);
        return {
          rows: s.collect(next),
          before: s.collect(h),
          total: s.sum(outer),
          final: s.final(h),
        };
      });
      for (const [name, id] of Object.entries(out)) p.output(`output:${name}`, id);
    },
  };
}

/** Carries that take each other's value, a slice's, an outer buffer's; slices collected and summed as they are. */
function swapping(reverse: boolean): Handmade {
  return {
    name: `carries that swap ${direction(reverse)}`,
    sizes: SEQUENCES,
    build: (p) => {
      const x = p.input("input:x", ["T", "B", 4]);
      const a0 = p.input("initial:a", ["B", 4]);
      const b0 = p.input("initial:b", ["B", 4]);
      const outer = p.kernel("outer", ["B", 4], ([b, j]) =>
        mul(load(a0, b!, j!), load(b0, b!, j!)),
      );
      const out = p.scan("T", reverse, (s) => {
        const [a, b, c, d] = [
          s.carry("a", a0),
          s.carry("b", b0),
          s.carry("c", a0),
          s.carry("d", b0),
        ];
        const row = s.slice(x);
        s.next(a, b);
        s.next(b, a);
        s.next(c, row);
        s.next(d, outer);
        const mixed = s.kernel("mixed", ["B", 4], ([n, j]) =>
          sub(add(load(a, n!, j!), mul(load(c, n!, j!), load(row, n!, j!))), load(d, n!, j!)),
        );
        return {
          mixed: s.collect(mixed),
          copy: s.collect(row),
          before: s.collect(c),
          total: s.sum(row),
          a: s.final(a),
          b: s.final(b),
          c: s.final(c),
          d: s.final(d),
        };
      });
      for (const [name, id] of Object.entries(out)) p.output(`output:${name}`, id);
    },
  };
}

/** A matrix state, a scalar state, attention over a memory of its own length. */
function memory(): Handmade {
  return {
    name: "matrix state and attention over a memory",
    sizes: [
      { T: 5, B: 3, S: 4 },
      { T: 5, B: 1, S: 1 },
      { T: 3, B: 2, S: 9 },
    ],
    build: (p) => {
      const x = p.input("input:x", ["T", "B", 4]);
      const keys = p.input("input:m", ["B", "S", 4]);
      const c0 = p.input("initial:C", ["B", 4, 4]);
      const n0 = p.input("initial:n", ["B"]);
      const out = p.scan("T", false, (s) => {
        const c = s.carry("C", c0);
        const n = s.carry("n", n0);
        const row = s.slice(x);
        const score = s.kernel("score", ["B", "S"], ([b, i], sum) =>
          sum([4], ([k]) => mul(load(keys, b!, i!, k!), load(row, b!, k!))),
        );
        const read = s.kernel("read", ["B", 4], ([b, j], sum, reduce) => {
          const top = reduce("max", ["S"], ([i]) => load(score, b!, i!));
          const weight = (i: Parameters<typeof load>[1]) =>
            call("exp", sub(load(score, b!, i!), top));
          const total = sum(["S"], ([i]) => weight(i!));
          return call(
            "div",
            sum(["S"], ([i]) => mul(weight(i!), load(keys, b!, i!, j!))),
            total,
          );
        });
        const next = s.kernel("C'", ["B", 4, 4], ([b, i, j]) =>
          add(mul(lit(0.9), load(c, b!, i!, j!)), mul(load(read, b!, i!), load(row, b!, j!))),
        );
        const count = s.kernel("n'", ["B"], ([b]) => add(mul(lit(0.5), load(n, b!)), lit(1)));
        s.next(c, next);
        s.next(n, count);
        return { C: s.collect(next), n: s.collect(count), last: s.final(c), total: s.sum(count) };
      });
      for (const [name, id] of Object.entries(out)) p.output(`output:${name}`, id);
    },
  };
}

/** A scan over what a scan collected, and one whose init is another's final. */
function nested(): Handmade {
  return {
    name: "a scan after a scan",
    sizes: SEQUENCES,
    build: (p) => {
      const x = p.input("input:x", ["T", "B", 3]);
      const h0 = p.input("initial:h", ["B", 3]);
      const layer = (reverse: boolean, of: number, init: number) =>
        p.scan("T", reverse, (s) => {
          const h = s.carry("h", init);
          const row = s.slice(of);
          const next = s.kernel("h'", ["B", 3], ([b, j]) =>
            call("sigmoid", add(load(row, b!, j!), mul(lit(0.7), load(h, b!, j!)))),
          );
          s.next(h, next);
          return { rows: s.collect(next), final: s.final(h) };
        });
      const first = layer(false, x, h0);
      const second = layer(true, first.rows, first.final);
      p.output("output:y", second.rows);
      p.output("final:h", second.final);
    },
  };
}
