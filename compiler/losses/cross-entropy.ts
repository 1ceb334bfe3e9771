/** @file `cross_entropy`, from logits and tokens. An entry of the table of losses: see loss.ts. */
import { invariant } from "../ir/invariant.ts";
import { refuse, show } from "../ops/typing.ts";
import type { Loss } from "./loss.ts";
import { weightedMean } from "./mean.ts";

export const crossEntropy: Loss = {
  doc: "Mean of log Σ e^z - z[t]: -log of the probability that softmax(z) gives to the token t. z [..., K] are logits, before any softmax; t [...] of K.",
  params: [],
  target: "index",
  refuses: (z, t) => {
    if (t.dtype !== "index") return refuse("must be tokens: declare it with `of`", 1);
    if (z.shape.length === 0) return refuse("is a scalar: it has no axis of classes", 0);
    if (t.seq !== z.seq) {
      return refuse(`varies over ${t.seq ?? "no"} steps, the logits over ${z.seq ?? "none"}`, 1);
    }
    const lead = z.shape.slice(0, -1);
    const same = t.shape.length === lead.length && t.shape.every((d, i) => d === lead[i]);
    return same ? null : refuse(`has ${show(t.shape)}, the logits ${show(z.shape)}`, 1);
  },
  build: (b, z, t, mask) => {
    const classes = b.type(z).shape.at(-1);
    invariant(typeof classes === "number", "cross_entropy: the number of classes is a number");
    const chosen = b.mul(b.apply("onehot", [t], { of: classes }), z);
    const loss = b.sub(b.apply("logsumexp", [z]), b.apply("sum_last", [chosen]));
    return weightedMean(b, loss, mask);
  },
};
