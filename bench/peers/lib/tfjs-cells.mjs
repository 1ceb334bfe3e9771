/** @file Cells that TensorFlow.js has no layer for, as its users write them: a subclass of RNNCell. In: tf, a
 *  name, sizes. Out: the cell, and the agreed weights in the order of its own. Equations:
 *  specs/cells/peephole.cell, specs/cells/layer-norm-lstm.cell; gates packed i, f, g, o. */
import { cellWeights, peepholes, transpose } from "./data.mjs";

/** @returns a layer for tf.layers.rnn. */
export function customCell(tf, name, sizes) {
  const { H } = sizes;
  const shapes = SHAPES[name](sizes);
  // RNNCell is not exported: it is what lstmCell extends.
  const RNNCell = Object.getPrototypeOf(
    Object.getPrototypeOf(tf.layers.lstmCell({ units: 1 })),
  ).constructor;
  class Cell extends RNNCell {
    static className = `bench_${name}`;
    stateSize = [H, H];
    build() {
      for (const [weight, shape] of Object.entries(shapes))
        this[weight] = this.addWeight(weight, shape, "float32", tf.initializers.zeros());
      this.built = true;
    }
    call(inputs) {
      return tf.tidy(() => {
        const [h, c] = CALLS[name](tf, this, inputs, H);
        return [h, h, c];
      });
    }
    getConfig() {
      return super.getConfig();
    }
  }
  return new Cell({});
}

const SHAPES = {
  peephole: ({ I, H }) => ({ w: [I, 4 * H], u: [H, 4 * H], b: [4 * H], p: [3 * H] }),
  layernorm: ({ I, H }) => ({
    w: [I, 4 * H],
    u: [H, 4 * H],
    b: [4 * H],
    gainX: [4, H],
    biasX: [4, H],
    gainH: [4, H],
    biasH: [4, H],
    gainC: [H],
    biasC: [H],
  }),
};

const CALLS = {
  peephole(tf, cell, [x, h, c], H) {
    const a = tf.matMul(x, cell.w.read()).add(tf.matMul(h, cell.u.read())).add(cell.b.read());
    const [i, f, g, o] = tf.split(a, 4, 1);
    const [pi, pf, po] = tf.split(cell.p.read(), [H, H, H]);
    const kept = tf.sigmoid(f.add(c.mul(pf))).mul(c);
    const next = kept.add(tf.sigmoid(i.add(c.mul(pi))).mul(tf.tanh(g)));
    return [tf.sigmoid(o.add(next.mul(po))).mul(tf.tanh(next)), next];
  },
  layernorm(tf, cell, [x, h, c], H) {
    const norm = (v) => {
      const { mean, variance } = tf.moments(v, -1, true);
      return v.sub(mean).mul(tf.rsqrt(variance.add(1e-5)));
    };
    const gates = (v, w, gain, bias) =>
      norm(tf.matMul(v, w.read()).reshape([-1, 4, H]))
        .mul(gain.read())
        .add(bias.read());
    const ax = gates(x, cell.w, cell.gainX, cell.biasX);
    const ah = gates(h, cell.u, cell.gainH, cell.biasH);
    const a = ax.add(ah).add(cell.b.read().reshape([4, H]));
    const [i, f, g, o] = tf.unstack(a, 1);
    const next = tf
      .sigmoid(f)
      .mul(c)
      .add(tf.sigmoid(i).mul(tf.tanh(g)));
    const out = norm(next).mul(cell.gainC.read()).add(cell.biasC.read());
    return [tf.sigmoid(o).mul(tf.tanh(out)), next];
  },
};

export function customWeights(tf, name, sizes) {
  const { I, H } = sizes;
  const { wih, whh, b } = cellWeights(name, I, H);
  const given = {
    w: transpose(wih, 4 * H, I),
    u: transpose(whh, 4 * H, H),
    b,
    p: peepholes(H),
  };
  return Object.entries(SHAPES[name](sizes)).map(([weight, shape]) => {
    if (weight in given) return tf.tensor(given[weight], shape);
    return weight.startsWith("gain") ? tf.ones(shape) : tf.zeros(shape);
  });
}
