/** @file `sgd`. An entry of the table of optimisers: see optimiser.ts. */
import { decayed, moved, type Optimiser } from "./optimiser.ts";

export const sgd: Optimiser = {
  doc: "Gradient descent: p ← p - lr g. weight_decay · p is added to the gradient.",
  hyper: { lr: 0.01, weight_decay: 0 },
  slots: [],
  step: (b, s) => ({ param: moved(b, s, decayed(b, s)), slots: {} }),
};
