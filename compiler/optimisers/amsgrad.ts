/** @file `amsgrad`. An entry of the table of optimisers: see optimiser.ts. */
import { MOMENTS, moments } from "./moments.ts";
import { decayed, moved, type Optimiser, pick } from "./optimiser.ts";

export const amsgrad: Optimiser = {
  doc: "Adam whose v is the largest so far, so that a step never grows again. weight_decay · p is added to the gradient. Reddi et al. 2018, in PyTorch's form.",
  hyper: { lr: 0.001, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0 },
  slots: [...MOMENTS, "largest"],
  step: (b, s) => {
    const { direction, slots } = moments(b, s, decayed(b, s), pick(s.slots, "largest"));
    return { param: moved(b, s, direction), slots };
  },
};
