/** @file `binary_cross_entropy`, from logits. An entry of the table of losses: see loss.ts. */
import { elementwise } from "./mean.ts";

export const binaryCrossEntropy = elementwise({
  doc: "Mean of softplus(z) - t z: -log of the probability that sigmoid(z) gives to t in [0, 1]. z are logits, before any sigmoid; no overflow.",
  of: (b, z, t) => b.sub(b.apply("softplus", [z]), b.mul(t, z)),
});
