/** @file `rmsprop`. An entry of the table of optimisers: see optimiser.ts. */
import { average, decayed, moved, type Optimiser, pick } from "./optimiser.ts";

export const rmsprop: Optimiser = {
  doc: "s ← alpha s + (1 - alpha) g², p ← p - lr g / (√s + eps). weight_decay · p is added to the gradient. Tieleman & Hinton 2012, in PyTorch's form.",
  hyper: { lr: 0.01, alpha: 0.99, eps: 1e-8, weight_decay: 0 },
  slots: ["square"],
  step: (b, s) => {
    const g = decayed(b, s);
    const square = average(b, pick(s.hyper, "alpha"), pick(s.slots, "square"), b.mul(g, g));
    const root = b.add(b.apply("sqrt", [square]), pick(s.hyper, "eps"));
    return { param: moved(b, s, b.div(g, root)), slots: { square } };
  },
};
