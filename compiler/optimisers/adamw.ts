/** @file `adamw`. An entry of the table of optimisers: see optimiser.ts. */
import { MOMENTS, moments } from "./moments.ts";
import { moved, type Optimiser, pick } from "./optimiser.ts";

export const adamw: Optimiser = {
  doc: "Adam with decoupled weight decay: p is first multiplied by 1 - lr weight_decay. Loshchilov & Hutter 2019, arXiv:1711.05101.",
  hyper: { lr: 0.001, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01 },
  slots: MOMENTS,
  step: (b, s) => {
    const { direction, slots } = moments(b, s, s.grad);
    const keep = b.sub(b.lit(1), b.mul(pick(s.hyper, "lr"), pick(s.hyper, "weight_decay")));
    return { param: moved(b, s, direction, b.mul(s.param, keep)), slots };
  },
};
