/** @file `adadelta`. An entry of the table of optimisers: see optimiser.ts. */
import { average, decayed, moved, type Optimiser, pick } from "./optimiser.ts";

export const adadelta: Optimiser = {
  doc: "s ← rho s + (1 - rho) g², d = g √(m + eps) / √(s + eps), m ← rho m + (1 - rho) d², p ← p - lr d. weight_decay · p is added to the gradient. Zeiler 2012, arXiv:1212.5701.",
  hyper: { lr: 1, rho: 0.9, eps: 1e-6, weight_decay: 0 },
  slots: ["square", "moves"],
  step: (b, s) => {
    const [rho, eps] = [pick(s.hyper, "rho"), pick(s.hyper, "eps")];
    const g = decayed(b, s);
    const root = (v: number) => b.apply("sqrt", [b.add(v, eps)]);
    const square = average(b, rho, pick(s.slots, "square"), b.mul(g, g));
    const d = b.mul(g, b.div(root(pick(s.slots, "moves")), root(square)));
    const moves = average(b, rho, pick(s.slots, "moves"), b.mul(d, d));
    return { param: moved(b, s, d), slots: { square, moves } };
  },
};
