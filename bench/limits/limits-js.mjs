// What V8 can do on this machine: matrix kernels in scalar JavaScript and in WebAssembly SIMD
// (modules emitted here, byte by byte), and the price of the activations. One JSON line per figure.
const print = (o) => console.log(JSON.stringify(o));
const now = () => performance.now();
function best(fn, tries = 40) {
  let b = Infinity;
  for (let i = 0; i < 5; i++) fn();
  for (let i = 0; i < tries; i++) {
    const t = now();
    fn();
    b = Math.min(b, now() - t);
  }
  return b;
}
const r1 = (x) => Number(x.toPrecision(4));

// ---- a very small WebAssembly assembler
const leb = (n) => {
  const o = [];
  do {
    let b = n & 127;
    n >>>= 7;
    if (n) b |= 128;
    o.push(b);
  } while (n);
  return o;
};
const sleb = (n) => {
  const o = [];
  for (;;) {
    const b = n & 127;
    n >>= 7;
    if ((n === 0 && !(b & 64)) || (n === -1 && b & 64)) {
      o.push(b);
      return o;
    }
    o.push(b | 128);
  }
};
const sec = (id, body) => [id, ...leb(body.length), ...body];
const vec = (items) => [...leb(items.length), ...items.flat()];
const get = (i) => [0x20, ...leb(i)],
  set = (i) => [0x21, ...leb(i)],
  c32 = (n) => [0x41, ...sleb(n)];
const simd = (op, ...rest) => [0xfd, ...leb(op), ...rest];
const load = (off) => simd(0, 4, ...leb(off)),
  splat = (off) => simd(9, 2, ...leb(off)),
  store = (off) => simd(11, 4, ...leb(off));
const add = simd(0xe4),
  mul = simd(0xe6),
  madd = simd(0x105),
  zero = simd(12, ...Array(16).fill(0)),
  addI = [0x6a],
  subI = [0x6b];
const loop = (...body) => [0x03, 0x40, ...body.flat(), 0x0b],
  again = [0x0d, 0];
function module(params, i32s, v128s, body, f32s = 0) {
  const code = [
    ...vec([
      [...leb(i32s), 0x7f],
      [...leb(v128s), 0x7b],
      [...leb(f32s), 0x7d],
    ]),
    ...body.flat(),
    0x0b,
  ];
  const bytes = [
    0,
    0x61,
    0x73,
    0x6d,
    1,
    0,
    0,
    0,
    ...sec(1, vec([[0x60, ...vec(Array(params).fill([0x7f])), 0]])),
    ...sec(3, vec([[0]])),
    ...sec(5, vec([[0, ...leb(256)]])),
    ...sec(
      7,
      vec([
        [1, 0x66, 0, 0],
        [1, 0x6d, 2, 0],
      ]),
    ),
    ...sec(10, vec([[...leb(code.length), ...code]])),
  ];
  return new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(bytes))).exports;
}

// C[MR, 4*NV] = A[K][MR] x B[K][4*NV], both packed; repeated `reps` times. All in L1.
function gemm(MR, NV, fused) {
  const [a, b, c, K, reps] = [0, 1, 2, 3, 4],
    [pa, pb, k] = [5, 6, 7],
    acc = 8,
    bv = acc + MR * NV,
    t = bv + NV,
    V = MR * NV + NV + 1;
  const inner = [
    ...Array.from({ length: NV }, (_, j) => [...get(pb), ...load(16 * j), ...set(bv + j)]),
    ...Array.from({ length: MR }, (_, i) => [
      ...get(pa),
      ...splat(4 * i),
      ...set(t),
      ...Array.from({ length: NV }, (_, j) => {
        const x = acc + i * NV + j;
        return fused
          ? [...get(t), ...get(bv + j), ...get(x), ...madd, ...set(x)]
          : [...get(x), ...get(t), ...get(bv + j), ...mul, ...add, ...set(x)];
      }).flat(),
    ]),
    [...get(pa), ...c32(4 * MR), ...addI, ...set(pa)],
    [...get(pb), ...c32(16 * NV), ...addI, ...set(pb)],
    [...get(k), ...c32(1), ...subI, ...set(k), ...get(k), ...again],
  ];
  return module(5, 3, V, [
    loop(
      ...Array.from({ length: MR * NV }, (_, x) => [...zero, ...set(acc + x)]),
      [...get(a), ...set(pa), ...get(b), ...set(pb), ...get(K), ...set(k)],
      loop(...inner),
      ...Array.from({ length: MR * NV }, (_, x) => [...get(c), ...get(acc + x), ...store(16 * x)]),
      [...get(reps), ...c32(1), ...subI, ...set(reps), ...get(reps), ...again],
    ),
  ]);
}

// y[rows/4] += partial sums of W[rows, cols] x[cols]: four rows by eight columns at a time.
function gemv() {
  const [w, x, y, groups, cols, reps] = [0, 1, 2, 3, 4, 5],
    [p0, px, k, g, row, py] = [6, 7, 8, 9, 10, 11],
    acc = 12,
    xv = 20,
    R = 4;
  const rowPtr = (i) =>
    i === 0
      ? get(p0)
      : [
          ...get(p0),
          ...Array(i)
            .fill([...get(row), ...addI])
            .flat(),
        ];
  const inner = [
    [...get(px), ...load(0), ...set(xv), ...get(px), ...load(16), ...set(xv + 1)],
    ...Array.from({ length: R }, (_, i) => [
      ...[0, 1].flatMap((j) => [
        ...get(acc + i * 2 + j),
        ...rowPtr(i),
        ...load(16 * j),
        ...get(xv + j),
        ...mul,
        ...add,
        ...set(acc + i * 2 + j),
      ]),
    ]),
    [...get(p0), ...c32(32), ...addI, ...set(p0), ...get(px), ...c32(32), ...addI, ...set(px)],
    [...get(k), ...c32(8), ...subI, ...set(k), ...get(k), ...again],
  ];
  const skip = [
    ...get(p0),
    ...get(row),
    ...get(row),
    ...addI,
    ...get(row),
    ...addI,
    ...addI,
    ...set(p0),
  ];
  return module(6, 6, 10, [
    [...get(cols), ...c32(4), 0x6c, ...set(row)],
    loop(
      [...get(w), ...set(p0), ...get(y), ...set(py), ...get(groups), ...set(g)],
      loop(
        ...Array.from({ length: 8 }, (_, i) => [...zero, ...set(acc + i)]),
        [...get(x), ...set(px), ...get(cols), ...set(k)],
        loop(...inner),
        skip,
        ...Array.from({ length: R }, (_, i) => [
          ...get(py),
          ...get(acc + 2 * i),
          ...get(acc + 2 * i + 1),
          ...add,
          ...store(16 * i),
        ]),
        [
          ...get(py),
          ...c32(64),
          ...addI,
          ...set(py),
          ...get(g),
          ...c32(1),
          ...subI,
          ...set(g),
          ...get(g),
          ...again,
        ],
      ),
      [...get(reps), ...c32(1), ...subI, ...set(reps), ...get(reps), ...again],
    ),
  ]);
}

for (const fused of [false, true]) {
  let top = { gflops: 0 };
  for (const [MR, NV] of [
    [4, 2],
    [6, 2],
    [4, 3],
    [3, 4],
  ]) {
    try {
      const m = gemm(MR, NV, fused),
        K = 128,
        reps = 2000;
      new Float32Array(m.m.buffer).fill(0.01);
      const g = (2 * MR * NV * 4 * K * reps) / best(() => m.f(0, 65536, 131072, K, reps)) / 1e6;
      if (g > top.gflops) top = { gflops: r1(g), tile: `${MR}x${4 * NV}` };
    } catch (e) {
      top = { error: String(e.message).slice(0, 90) };
      break;
    }
  }
  print({
    limit: `wasm SIMD matrix kernel, L1, ${fused ? "relaxed multiply-add" : "mul + add"}`,
    threads: 1,
    ...top,
  });
}
{
  const m = gemv();
  new Float32Array(m.m.buffer).fill(0.01);
  for (const H of [64, 128, 256, 512]) {
    const rows = 4 * H,
      cols = 2 * H,
      reps = Math.ceil(3e7 / (rows * cols));
    const ms = best(() => m.f(65536, 0, 32768, rows / 4, cols, reps)) / reps;
    print({
      limit: "wasm SIMD matrix-vector [4H, 2H]",
      H,
      threads: 1,
      us: r1(ms * 1000),
      gflops: r1((2 * rows * cols) / ms / 1e6),
    });
  }
}

// ---- scalar JavaScript
for (const A of [Float32Array, Float64Array]) {
  const K = 128,
    a = new A(4 * K).fill(0.01),
    b = new A(4 * K).fill(0.01),
    c = new A(16);
  const kernel = new Function(
    "a",
    "b",
    "c",
    "K",
    "reps",
    `for (let r = 0; r < reps; r++) {
    let ${Array.from({ length: 16 }, (_, i) => `c${i} = 0`).join(", ")};
    for (let k = 0; k < K; k++) { const p = k * 4, a0 = a[p], a1 = a[p + 1], a2 = a[p + 2], a3 = a[p + 3], b0 = b[p], b1 = b[p + 1], b2 = b[p + 2], b3 = b[p + 3];
      ${Array.from({ length: 16 }, (_, i) => `c${i} += a${i >> 2} * b${i & 3};`).join(" ")} }
    ${Array.from({ length: 16 }, (_, i) => `c[${i}] = c${i};`).join(" ")} }`,
  );
  print({
    limit: `scalar JS matrix kernel 4x4, L1, ${A.name}`,
    threads: 1,
    gflops: r1((2 * 16 * K * 2000) / best(() => kernel(a, b, c, K, 2000)) / 1e6),
  });
}
for (const H of [64, 128, 256, 512]) {
  const rows = 4 * H,
    cols = 2 * H,
    w = new Float32Array(rows * cols).fill(0.01),
    x = new Float32Array(cols).fill(0.01),
    y = new Float32Array(rows),
    reps = Math.ceil(4e6 / (rows * cols));
  const f = () => {
    for (let r = 0; r < reps; r++)
      for (let i = 0; i < rows; i += 4) {
        let s0 = 0,
          s1 = 0,
          s2 = 0,
          s3 = 0;
        const p = i * cols,
          q = p + cols,
          u = q + cols,
          v = u + cols;
        for (let k = 0; k < cols; k++) {
          const xv = x[k];
          s0 += w[p + k] * xv;
          s1 += w[q + k] * xv;
          s2 += w[u + k] * xv;
          s3 += w[v + k] * xv;
        }
        y[i] = s0;
        y[i + 1] = s1;
        y[i + 2] = s2;
        y[i + 3] = s3;
      }
  };
  const ms = best(f) / reps;
  print({
    limit: "scalar JS matrix-vector [4H, 2H]",
    H,
    threads: 1,
    us: r1(ms * 1000),
    gflops: r1((2 * rows * cols) / ms / 1e6),
  });
}
{
  const n = 4096,
    x = Float32Array.from({ length: n }, (_, i) => (i / n) * 8 - 4),
    y = new Float32Array(n);
  const per = (name, f) =>
    print({ limit: `activation: ${name}`, threads: 1, ns: r1((best(f) / n) * 1e6) });
  per("Math.tanh", () => {
    for (let i = 0; i < n; i++) y[i] = Math.tanh(x[i]);
  });
  per("1/(1+Math.exp(-x))", () => {
    for (let i = 0; i < n; i++) y[i] = 1 / (1 + Math.exp(-x[i]));
  });
  per("tanh as 1-2/(exp(2x)+1)", () => {
    for (let i = 0; i < n; i++) y[i] = 1 - 2 / (Math.exp(2 * x[i]) + 1);
  });
  per("tanh, rational 13/6 polynomial", () => {
    for (let i = 0; i < n; i++) {
      const v = Math.max(-7.9, Math.min(7.9, x[i])),
        s = v * v;
      y[i] =
        (v *
          (4.89352455891786e-3 +
            s *
              (6.37261928875436e-4 +
                s *
                  (1.48572235717979e-5 +
                    s *
                      (5.12229709037114e-8 +
                        s *
                          (-8.60467152213735e-11 +
                            s * (2.00018790482477e-13 + s * -2.76076847742355e-16))))))) /
        (4.89352518554385e-3 +
          s * (2.268434632439e-3 + s * (1.18534705686654e-4 + s * 1.19825839466702e-6)));
    }
  });
}
