/** @file What this engine's WebAssembly can do: the floor that ours is held against. In: --quick. Out: a line
 *  of JSON a figure, the best of many short tries, so that some fall between other programs' slices. */
import { parseArgs } from "node:util";
import {
  ADD,
  ADD_I,
  AGAIN,
  advance,
  bytesOf,
  countDown,
  get,
  i32,
  instance,
  load,
  loop,
  MADD,
  MUL,
  MUL_I,
  peak,
  SUB_I,
  set,
  splat,
  store,
  times,
  ZERO,
} from "./assembler.mjs";

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const TRIES = values.quick ? 12 : 40;
const print = (o) => process.stdout.write(`${JSON.stringify(o)}\n`);
const digits = (x) => Number(x.toPrecision(4));

function best(fn) {
  for (let i = 0; i < 5; i++) fn();
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIES; i++) {
    const t = performance.now();
    fn();
    least = Math.min(least, performance.now() - t);
  }
  return least;
}

/** C[rows, 4·vectors] = A[K][rows] × B[K][4·vectors], both packed; all in L1. */
function tile(rows, vectors, fused) {
  const [a, b, c, K, reps, pa, pb, k] = [0, 1, 2, 3, 4, 5, 6, 7];
  const acc = 8;
  const bv = acc + rows * vectors;
  const t = bv + vectors;
  const cell = (at, j) =>
    fused
      ? [...get(t), ...get(bv + j), ...get(at), ...MADD, ...set(at)]
      : [...get(at), ...get(t), ...get(bv + j), ...MUL, ...ADD, ...set(at)];
  const inner = loop(
    times(vectors, (j) => [...get(pb), ...load(16 * j), ...set(bv + j)]),
    times(rows, (i) => [
      ...[...get(pa), ...splat(4 * i), ...set(t)],
      ...times(vectors, (j) => cell(acc + i * vectors + j, j)),
    ]),
    [...advance(pa, 4 * rows), ...advance(pb, 16 * vectors)],
    countDown(k),
  );
  return bytesOf(5, 3, rows * vectors + vectors + 1, [
    loop(
      times(rows * vectors, (i) => [...ZERO, ...set(acc + i)]),
      [...get(a), ...set(pa), ...get(b), ...set(pb), ...get(K), ...set(k)],
      inner,
      times(rows * vectors, (i) => [...get(c), ...get(acc + i), ...store(16 * i)]),
      countDown(reps),
    ),
  ]);
}

/** y[rows / 4] = partial sums of W[rows, cols]·x[cols]: four rows by eight columns at a time. */
function matrixVector() {
  const [w, x, y, groups, cols, reps, p, px, k, g, row, py] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
  ];
  const [acc, xv, ROWS] = [12, 20, 4];
  const rowAt = (i) => [...get(p), ...times(i, () => [...get(row), ...ADD_I])];
  const term = (i, j) => {
    const at = acc + 2 * i + j;
    return [...get(at), ...rowAt(i), ...load(16 * j), ...get(xv + j), ...MUL, ...ADD, ...set(at)];
  };
  const inner = loop(
    [...get(px), ...load(0), ...set(xv), ...get(px), ...load(16), ...set(xv + 1)],
    times(ROWS, (i) => [...term(i, 0), ...term(i, 1)]),
    [...advance(p, 32), ...advance(px, 32)],
    [...get(k), ...i32(8), ...SUB_I, ...set(k), ...get(k), ...AGAIN],
  );
  return bytesOf(6, 6, 10, [
    [...get(cols), ...i32(4), ...MUL_I, ...set(row)],
    loop(
      [...get(w), ...set(p), ...get(y), ...set(py), ...get(groups), ...set(g)],
      loop(
        times(2 * ROWS, (i) => [...ZERO, ...set(acc + i)]),
        [...get(x), ...set(px), ...get(cols), ...set(k)],
        inner,
        [...get(p), ...times(ROWS - 1, () => [...get(row), ...ADD_I]), ...set(p)],
        times(ROWS, (i) => [
          ...[...get(py), ...get(acc + 2 * i), ...get(acc + 2 * i + 1)],
          ...[...ADD, ...store(16 * i)],
        ]),
        [...advance(py, 64)],
        countDown(g),
      ),
      countDown(reps),
    ),
  ]);
}

const fused = WebAssembly.validate(peak(8, true));
const how = fused ? "relaxed multiply-add" : "mul + add";
{
  const found = [8, 10, 12].map((chains) => {
    const { f } = instance(peak(chains, fused));
    const reps = 200_000;
    return (2 * 4 * chains * reps) / best(() => f(0, reps)) / 1e6;
  });
  const gflops = digits(Math.max(...found));
  print({ limit: "wasm f32x4 multiply-add peak", threads: 1, gflops, how });
}
{
  const K = 128;
  const reps = 2000;
  const found = [
    [4, 2],
    [6, 2],
    [4, 3],
    [3, 4],
  ].map(([rows, vectors]) => {
    const { f, m } = instance(tile(rows, vectors, fused));
    new Float32Array(m.buffer).fill(0.01);
    const flops = 2 * rows * vectors * 4 * K * reps;
    return {
      shape: `tile ${rows} × ${4 * vectors}`,
      gflops: flops / best(() => f(0, 65536, 131072, K, reps)) / 1e6,
    };
  });
  const top = found.reduce((a, b) => (b.gflops > a.gflops ? b : a));
  print({ limit: "wasm matrix kernel in L1", threads: 1, ...top, gflops: digits(top.gflops), how });
}
{
  const { f, m } = instance(matrixVector());
  new Float32Array(m.buffer).fill(0.01);
  for (const H of [64, 128, 256, 512]) {
    const [rows, cols] = [4 * H, 2 * H];
    const reps = Math.ceil(3e7 / (rows * cols));
    const ms = best(() => f(65536, 0, 32768, rows / 4, cols, reps)) / reps;
    const gflops = digits((2 * rows * cols) / ms / 1e6);
    print({ limit: "wasm matrix-vector [4H, 2H]", H, threads: 1, us: digits(ms * 1000), gflops });
  }
}
