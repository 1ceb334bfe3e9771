/** @file Weights and inputs that every peer, in every language, makes identically (`harness.py` is the twin).
 *  In: sizes. Out: Float32Arrays in PyTorch's layout. Never random: value i of stream `seed` is a hash. */

/** Uniform in [-scale, scale). */
export function uniform(seed, n, scale = 1) {
  const out = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    let h = (Math.imul(i, 0x9e3779b1) + Math.imul(seed, 0x85ebca77)) >>> 0;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h = (h ^ (h >>> 16)) >>> 0;
    out[i] = ((h / 4294967296) * 2 - 1) * scale;
  }
  return out;
}

export const GATES = { lstm: 4, gru: 3, peephole: 4, layernorm: 4, products: 4 };

/** wih [G·H, I], whh [G·H, H], b [G·H]; gates of an LSTM i, f, g, o, of a GRU r, z, n. */
export function cellWeights(cell, I, H, layer = 0, dir = 0) {
  const rows = GATES[cell] * H;
  const scale = 1 / Math.sqrt(H);
  const seed = 100 * layer + 10 * dir;
  return {
    wih: uniform(seed + 1, rows * I, scale),
    whh: uniform(seed + 2, rows * H, scale),
    b: uniform(seed + 3, rows, scale),
  };
}

/** The peepholes of gates i, f, o, [3·H]. A layer norm's gains are 1, its biases 0. */
export const peepholes = (H) => uniform(4, 3 * H, 1 / Math.sqrt(H));

export const headWeights = (O, H) => ({
  w: uniform(901, O * H, 1 / Math.sqrt(H)),
  b: new Float32Array(O),
});

export const inputs = (n) => uniform(777, n, 1);
export const targets = (n) => uniform(778, n, 1);

/** One entry for each layer and direction of a stack. */
export function stack({ cell, I, H, layers = 1, bidirectional = false }) {
  const dirs = bidirectional ? 2 : 1;
  const out = [];
  for (let l = 0; l < layers; l++) {
    const width = l === 0 ? I : dirs * H;
    for (let d = 0; d < dirs; d++) out.push({ l, d, width, ...cellWeights(cell, width, H, l, d) });
  }
  return out;
}

/** FLOP of the recurrent layers' products for a token, forward only; a multiply-add is two. */
export function flopsPerToken({ cell, I, H, layers = 1, bidirectional = false }) {
  const dirs = bidirectional ? 2 : 1;
  let flops = 0;
  for (let l = 0; l < layers; l++)
    flops += dirs * 2 * GATES[cell] * H * ((l === 0 ? I : dirs * H) + H);
  return flops;
}

/** [rows, columns] → [columns, rows]. */
export function transpose(a, rows, columns) {
  const out = new Float32Array(a.length);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) out[c * rows + r] = a[r * columns + c];
  return out;
}

/** The row blocks of [G·H, n] or [G·H] in another order of gates. */
export function permuteGates(a, gates, order) {
  const block = a.length / gates;
  const out = new Float32Array(a.length);
  for (const [to, from] of order.entries())
    out.set(a.subarray(from * block, (from + 1) * block), to * block);
  return out;
}

export function meanAbs(a) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]);
  return sum / a.length;
}
