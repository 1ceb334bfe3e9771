/** @file `adam`. An entry of the table of optimisers: see optimiser.ts. */
import { MOMENTS, moments } from "./moments.ts";
import { decayed, moved, type Optimiser } from "./optimiser.ts";

export const adam: Optimiser = {
  doc: "m and v are decaying means of g and g², p ← p - lr (m / (1 - beta1ᵗ)) / (√(v / (1 - beta2ᵗ)) + eps). weight_decay · p is added to the gradient. Kingma & Ba 2015, arXiv:1412.6980, alg. 1.",
  hyper: { lr: 0.001, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0 },
  slots: MOMENTS,
  step: (b, s) => {
    const { direction, slots } = moments(b, s, decayed(b, s));
    return { param: moved(b, s, direction), slots };
  },
};
