/** @file `adagrad`. An entry of the table of optimisers: see optimiser.ts. */
import { decayed, moved, type Optimiser, pick } from "./optimiser.ts";

export const adagrad: Optimiser = {
  doc: "s ← s + g², p ← p - lr g / (√s + eps). weight_decay · p is added to the gradient. Duchi et al. 2011, in PyTorch's form.",
  hyper: { lr: 0.01, eps: 1e-10, weight_decay: 0 },
  slots: ["square"],
  step: (b, s) => {
    const g = decayed(b, s);
    const square = b.add(pick(s.slots, "square"), b.mul(g, g));
    const root = b.add(b.apply("sqrt", [square]), pick(s.hyper, "eps"));
    return { param: moved(b, s, b.div(g, root)), slots: { square } };
  },
};
