/** @file `ctc`: labels without times. An entry of the table of losses: see loss.ts. */
import type { Builder } from "../ir/builder.ts";
import { invariant } from "../ir/invariant.ts";
import { type NodeId, real, type Tensor } from "../ir/ir.ts";
import { num } from "../ops/attrs.ts";
import { filled } from "../ops/structured.ts";
import { refuse, show } from "../ops/typing.ts";
import type { Loss } from "./loss.ts";
import { weightedMean } from "./mean.ts";

/** Logarithm of 0: finite, so that 0 times it is 0, and below any sum of logarithms. */
const NEVER = -1e30;
const DEFAULTS = { blank: 0 };

export const ctc: Loss = {
  doc: "Mean over samples of -log P(labels) / number of labels, where P sums over all ways to place the labels, in order, among the steps: between them blanks, each held for any number of steps. z [T, K] are logits, before any softmax; t [L] of K labels, none of them `blank`. A sample whose steps cannot hold its labels costs 1e30 / number of labels, and its derivative is 0. Graves et al. 2006, in PyTorch's form.",
  params: [{ name: "blank", default: DEFAULTS.blank }],
  target: "index",
  refuses: (z, t) => {
    if (t.dtype !== "index") return refuse("must be tokens: declare it with `of`", 1);
    if (z.seq === null || z.shape.length !== 1) {
      return refuse(`has ${show(z.shape)}: logits at every step are needed`, 0);
    }
    if (t.seq === null || t.shape.length > 0) return refuse("must be a sequence of labels", 1);
    return t.seq === z.seq ? refuse("needs a length of its own: write [L]", 1) : null;
  },
  build: (b, z, t, mask, attrs, targetMask = null) => {
    const { seq: labels } = b.type(t);
    invariant(labels !== null, "ctc: labels are a sequence");
    const inside = targetMask ?? b.apply("steps", [], { seq: labels, of: "valid" });
    const places = layout(b, z, t, num({ ...DEFAULTS, ...attrs }, "blank"));
    const { start, label, after } = forward(b, z, mask, places);
    // The end: in the last label or the blank after it; in the first blank where there is no label.
    const zero = b.lit(0);
    const next = b.apply("delay", [inside, zero], { reverse: true });
    const last = b.apply("to_axis", [b.sub(inside, next)]);
    const none = b.sub(b.lit(1), b.apply("sum_last", [last]));
    const ends = b.apply("sum_last", [b.mul(last, either(b, label, after))]);
    const summed = b.add(ends, b.mul(none, start));
    const possible = b.apply("gt", [summed, b.lit(NEVER / 2)]);
    const logP = b.apply("where", [possible, summed, b.lit(NEVER)]);
    const count = b.apply("sum", [inside], { seq: false });
    const some = b.apply("maximum", [count, b.lit(1)]);
    return weightedMean(b, b.neg(b.div(logP, some)), null);
  },
};

/** What does not depend on the steps before: scores of blank and labels, and which label follows which. */
interface Places {
  readonly labels: string;
  /** log P(blank) at each step; log P of each label of the sample, [L] at each step. */
  readonly blank: NodeId;
  readonly scores: NodeId;
  /** [L, L]: row l has its 1 at l - 1. */
  readonly shift: NodeId;
  /** [L]: 1 at the first label; 1 where a label may follow the one before without a blank between. */
  readonly first: NodeId;
  readonly follows: NodeId;
}

function layout(b: Builder, z: NodeId, t: NodeId, blank: number): Places {
  const { seq: labels } = b.type(t);
  const classes = b.type(z).shape[0];
  invariant(labels !== null && typeof classes === "number", "ctc: labels [L], logits [K]");
  const logP = b.apply("log_softmax", [z]);
  const coded = b.apply("onehot", [t], { of: classes });
  const before = b.apply("delay", [coded, filled(b, 0, real([classes]))]);
  const firstStep = b.apply("steps", [], { seq: labels, of: "first" });
  const repeats = b.apply("dot", [coded, before]);
  const follows = b.sub(b.sub(b.lit(1), repeats), firstStep);
  const at = b.apply("to_axis", [counter(b, labels)]);
  const row = b.apply("expand", [at], { axes: [1], dims: [labels] });
  const column = b.apply("expand", [at], { axes: [0], dims: [labels] });
  return {
    labels,
    blank: b.apply("sum_last", [b.apply("part_last", [logP], { from: blank, size: 1 })]),
    scores: b.apply("contract", [logP, b.apply("to_axis", [coded])], { a: "k", b: "lk", y: "l" }),
    shift: b.apply("eq", [row, b.add(column, b.lit(1))]),
    first: b.apply("to_axis", [firstStep]),
    follows: b.apply("to_axis", [follows]),
  };
}

/** 0, 1, 2, … over a sequence. */
function counter(b: Builder, seq: string): NodeId {
  const body = b.body();
  const n = body.leaf("arg", real([]));
  const next = body.add(n, body.lit(1));
  const carries = [{ arg: n, init: b.lit(0), next }];
  const none = { slices: [], consts: [], sums: [] };
  const scan = b.scan({ over: seq, reverse: false, carries, collects: [n], body, ...none });
  return b.item(scan, 1);
}

/**
 * Log-probabilities after the last step of being in the first blank, in each label, in the blank
 * after it (Graves et al. 2006, eqs. 5-6). A step outside the mask changes nothing.
 */
function forward(
  b: Builder,
  z: NodeId,
  mask: NodeId | null,
  p: Places,
): { start: NodeId; label: NodeId; after: NodeId } {
  const { seq } = b.type(z);
  invariant(seq !== null, "ctc: logits are a sequence");
  const one: Tensor = real([], true);
  const each: Tensor = real([p.labels], true);
  const body = b.body();
  const arg = (t: Tensor): NodeId => body.leaf("arg", t);
  const consts = [p.shift, p.first, p.follows].map((of) => ({ arg: arg(b.type(of)), of }));
  const inside = mask ?? b.apply("steps", [], { seq, of: "valid" });
  const slices = [p.blank, p.scores, inside].map((of) => ({
    arg: arg({ ...b.type(of), seq: null }),
    of,
  }));
  const [shift, first, follows] = consts.map((c) => c.arg) as [NodeId, NodeId, NodeId];
  const [blank, scores, valid] = slices.map((s) => s.arg) as [NodeId, NodeId, NodeId];
  const [start, label, after] = [arg(one), arg(each), arg(each)];

  const shifted = (v: NodeId): NodeId =>
    body.apply("contract", [shift, v], { a: "ij", b: "j", y: "i" });
  const never = body.lit(NEVER);
  const fromBlank = body.apply("where", [first, start, shifted(after)]);
  const fromLabel = body.apply("where", [follows, shifted(label), never]);
  const reached = either(body, either(body, label, fromBlank), fromLabel);
  const hold = (next: NodeId, old: NodeId): NodeId => body.apply("where", [valid, next, old]);
  const carries = [
    { arg: start, init: filled(b, 0, one), next: hold(body.add(blank, start), start) },
    { arg: label, init: filled(b, NEVER, each), next: hold(body.add(scores, reached), label) },
    {
      arg: after,
      init: filled(b, NEVER, each),
      next: hold(body.add(blank, either(body, after, label)), after),
    },
  ];
  const scan = b.scan({
    over: seq,
    reverse: false,
    carries,
    slices,
    consts,
    collects: [],
    sums: [],
    body,
  });
  return { start: b.item(scan, 0), label: b.item(scan, 1), after: b.item(scan, 2) };
}

/** log(e^p + e^q) = max(p, q) + log1p(e^-|p - q|). */
function either(b: Builder, p: NodeId, q: NodeId): NodeId {
  const gap = b.neg(b.apply("abs", [b.sub(p, q)]));
  return b.add(b.apply("maximum", [p, q]), b.apply("log1p", [b.apply("exp", [gap])]));
}
