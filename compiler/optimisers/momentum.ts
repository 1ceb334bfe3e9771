/** @file `momentum`. An entry of the table of optimisers: see optimiser.ts. */
import { decayed, moved, type Optimiser, pick } from "./optimiser.ts";

export const momentum: Optimiser = {
  doc: "Gradient descent with momentum: v ← momentum v + g, p ← p - lr v; with nesterov = 1, p ← p - lr (g + momentum v). weight_decay · p is added to the gradient. Sutskever et al. 2013, in PyTorch's form.",
  hyper: { lr: 0.01, momentum: 0.9, nesterov: 0, weight_decay: 0 },
  slots: ["velocity"],
  step: (b, s) => {
    const rate = pick(s.hyper, "momentum");
    const g = decayed(b, s);
    const velocity = b.add(b.mul(rate, pick(s.slots, "velocity")), g);
    const ahead = b.add(g, b.mul(rate, velocity));
    const direction = b.apply("where", [pick(s.hyper, "nesterov"), ahead, velocity]);
    return { param: moved(b, s, direction), slots: { velocity } };
  },
};
