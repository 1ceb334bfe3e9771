/** @file @jax-js/jax, its wasm backend in Node. In: a case. Out: jitted steps, sequences, gradients. It has no
 *  lax.scan, so sequences are unrolled (T = 2048 in compiled chunks of 64 steps), and Node has no global
 *  Worker for its threads. Every use of an array but the last takes .ref. */
import { pathToFileURL } from "node:url";
import {
  cellWeights,
  GATES,
  headWeights,
  inputs,
  meanAbs,
  stack,
  targets,
  transpose,
} from "./lib/data.mjs";
import { bench, pathIn, versionOf } from "./lib/harness.mjs";

const CHUNK = 64;

/** One step from gx, the input's product [B, G·H] with its bias. Consumes gx and state, borrows whh. */
const CELLS = {
  lstm({ np, nn }, gx, whh, [h, c]) {
    const [i, f, g, o] = np.split(gx.add(np.matmul(h, whh.ref)), 4, 1);
    const next = nn
      .sigmoid(f)
      .mul(c)
      .add(nn.sigmoid(i).mul(np.tanh(g)));
    return [nn.sigmoid(o).mul(np.tanh(next.ref)), next];
  },
  gru({ np, nn }, gx, whh, [h]) {
    const [xr, xz, xn] = np.split(gx, 3, 1);
    const [hr, hz, hn] = np.split(np.matmul(h.ref, whh.ref), 3, 1);
    const z = nn.sigmoid(xz.add(hz));
    const n = np.tanh(xn.add(nn.sigmoid(xr.add(hr)).mul(hn)));
    return [n.ref.add(z.mul(h.sub(n)))];
  },
};

/** [T, B, in] → [T, B, H] and the last state; consumes xs, w and state. */
function run(lib, cell, w, xs, state, T, reverse = false) {
  const { np } = lib;
  const gs = np.unstack(np.matmul(xs, w.wih).add(w.b), 0);
  const ys = new Array(T);
  let now = state;
  for (let k = 0; k < T; k++) {
    const t = reverse ? T - 1 - k : k;
    now = CELLS[cell](lib, gs[t], w.whh, now);
    ys[t] = now[0].ref;
  }
  w.whh.dispose();
  return [np.stack(ys, 0), now];
}

const matrix = (np, a, rows, columns) =>
  np.array(transpose(a, rows, columns)).reshape([columns, rows]);

const layerArrays = (np, cell, { wih, whh, b, width }, H) => ({
  wih: matrix(np, wih, GATES[cell] * H, width),
  whh: matrix(np, whh, GATES[cell] * H, H),
  b: np.array(b),
});

const zeros = (np, cell, B, H) =>
  (cell === "lstm" ? ["h", "c"] : ["h"]).map(() => np.zeros([B, H]));

async function stream(lib, { cell, I, H }) {
  const { jax, np } = lib;
  const w = layerArrays(np, cell, { ...cellWeights(cell, I, H), width: I }, H);
  const x = np.array(inputs(I)).reshape([1, I]);
  const f = jax.jit((w, x, state) => {
    const next = CELLS[cell](lib, np.matmul(x, w.wih).add(w.b), w.whh, state);
    w.whh.dispose();
    return next;
  });
  let state = zeros(np, cell, 1, H);
  let y;
  const step = () => {
    state = f(jax.tree.ref(w), x.ref, state);
    y = state[0].ref.dataSync();
  };
  const check = () => {
    state = zeros(np, cell, 1, H);
    for (let i = 0; i < 10; i++) step();
    return meanAbs(y);
  };
  return { step, check };
}

async function infer(lib, { cell, T, B, I, H }) {
  const { jax, np } = lib;
  const w = layerArrays(np, cell, { ...cellWeights(cell, I, H), width: I }, H);
  const n = Math.min(T, CHUNK);
  const f = jax.jit((w, xs, state) => run(lib, cell, w, xs, state, n));
  const all = inputs(T * B * I);
  const chunks = Array.from({ length: T / n }, (_, i) =>
    np.array(all.slice(i * n * B * I, (i + 1) * n * B * I)).reshape([n, B, I]),
  );
  const go = () => {
    let state = zeros(np, cell, B, H);
    const out = [];
    for (const xs of chunks) {
      const [ys, next] = f(jax.tree.ref(w), xs.ref, state);
      state = next;
      out.push(ys.dataSync());
    }
    jax.tree.dispose(state);
    return out;
  };
  const check = () => {
    const out = go();
    return out.reduce((sum, a) => sum + meanAbs(a), 0) / out.length;
  };
  return { run: go, check, measure: { minSamples: 3 } };
}

async function train(lib, p) {
  const { jax, np } = lib;
  const { cell, T, B, I, H, O, layers, bidirectional } = p;
  const dirs = bidirectional ? 2 : 1;
  const head = headWeights(O, dirs * H);
  const params = {
    layers: stack(p).map((s) => layerArrays(np, cell, s, H)),
    w: matrix(np, head.w, O, dirs * H),
    b: np.array(head.b),
  };
  const layer = (w, v, reverse) => {
    const [ys, state] = run(lib, cell, w, v, zeros(np, cell, B, H), T, reverse);
    jax.tree.dispose(state);
    return ys;
  };
  const loss = (params, xs, ts) => {
    let v = xs;
    for (let l = 0; l < layers; l++) {
      const outs = Array.from({ length: dirs }, (_, d) =>
        layer(params.layers[l * dirs + d], d < dirs - 1 ? v.ref : v, d === 1),
      );
      v = dirs === 2 ? np.concatenate(outs, 2) : outs[0];
    }
    return np.mean(np.square(np.matmul(v, params.w).add(params.b).sub(ts)));
  };
  const grads = jax.jit(jax.valueAndGrad(loss));
  const adam = jax.jit((p, m, v, g, k1, k2) => {
    const m1 = m.mul(0.9).add(g.ref.mul(0.1));
    const v1 = v.mul(0.999).add(np.square(g).mul(0.001));
    return [p.sub(m1.ref.mul(k1).div(np.sqrt(v1.ref.mul(k2)).add(1e-8))), m1, v1];
  });
  const [first, tree] = jax.tree.flatten(params);
  let leaves = first;
  const ms = leaves.map((a) => np.zeros(a.shape));
  const vs = leaves.map((a) => np.zeros(a.shape));
  const xs = np.array(inputs(T * B * I)).reshape([T, B, I]);
  const ts = np.array(targets(T * B * O)).reshape([T, B, O]);
  let k = 0;
  const step = () => {
    k++;
    const [l, g] = grads(jax.tree.ref(jax.tree.unflatten(tree, leaves)), xs.ref, ts.ref);
    const [gs] = jax.tree.flatten(g);
    const k1 = 1e-3 / (1 - 0.9 ** k);
    const k2 = 1 / (1 - 0.999 ** k);
    leaves = leaves.map((a, i) => {
      const [next, m, v] = adam(a, ms[i], vs[i], gs[i], np.array(k1), np.array(k2));
      ms[i] = m;
      vs[i] = v;
      return next;
    });
    leaves[0].ref.dataSync();
    return l.dataSync()[0];
  };
  return { step, measure: { minSamples: 3, warm: 200 } };
}

await bench({
  peer: "jax-js",
  threads: [1],
  load: async () => {
    const jax = await import(pathToFileURL(pathIn("jaxjs", "@jax-js/jax/dist/index.js")));
    await jax.init("wasm"); // without an argument it reads `navigator`, which Node 20 lacks
    return { jax, np: jax.numpy, nn: jax.nn, version: versionOf("jaxjs", "@jax-js/jax") };
  },
  stream,
  infer,
  train,
});
