/** @file What an entry costs, for people and programs. In: figures. Out: every number with its formula, the memory
 *  of a gradient by strategy, and attention beside it. Never counts anew. */
import { at, constant, type Formula, plus, times } from "../6-schedule/formula.ts";
import { attentionCost, crossing } from "./attention.ts";
import type { CostFigures } from "./cost.ts";
import type { Term } from "./depth.ts";
import { type Choice, paramShapes } from "./figures.ts";
import { withDims } from "./fit.ts";
import { show } from "./text.ts";

/** `formula` null: the entry's formulas are not known (see `note`). Bytes are of float32. */
export interface Figure {
  readonly formula: string | null;
  readonly value: number;
}

export interface Work {
  readonly flops: Figure;
  /** Of them, those of sums of products: matrix and inner products. */
  readonly products: Figure;
  /** 4 for each element that a kernel stores, or loads from each buffer. */
  readonly bytes: Figure;
  readonly kernels: Figure;
}

export interface Comparison {
  readonly what: string;
  readonly recurrent: Figure;
  readonly attention: Figure;
  /** The shortest length from which on it needs no more than the other; null: at no length. */
  readonly recurrentFrom: number | null;
  readonly attentionFrom: number | null;
  /** Both at other lengths, for pictures. */
  readonly curve: readonly {
    readonly steps: number;
    readonly recurrent: number;
    readonly attention: number;
  }[];
}

/** Lengths of curves. */
const LENGTHS: readonly number[] = Array.from({ length: 15 }, (_, i) => 2 ** i);

export type CostReport = ReturnType<typeof reportOf>;

export function reportOf(figures: CostFigures, truncate: number) {
  const { numbers, sizes, dims, note, programs, trains } = figures;
  const formulas = figures.symbolic?.figures ?? null;
  const figure = (of: (all: CostFigures["numbers"]) => Formula | undefined): Figure => {
    const formula = formulas === null ? undefined : of(formulas);
    return {
      formula: formula === undefined ? null : show(formula),
      value: at(of(numbers) ?? new Map(), sizes),
    };
  };
  const named = (name: string): Figure => figure((all) => all[name]);
  const work = (what: string): Work => ({
    flops: named(`${what} flops`),
    products: named(`${what} products`),
    bytes: named(`${what} bytes`),
    kernels: named(`${what} kernels`),
  });
  const parameters = {
    total: named("parameters"),
    tensors: paramShapes(programs.training).map(({ name, shape }) => ({
      name,
      shape: shape.map((_, axis) => named(`shape ${name} ${axis}`)),
    })),
  };
  return {
    dims,
    sizes,
    note,
    parameters,
    step: programs.step === null ? null : work("step"),
    forward: work("forward"),
    training: { program: trains ? "train" : "gradient", ...work("training") },
    depth: {
      kernels: depthOf(figures, (c) => c.kernels),
      operations: depthOf(figures, (c) => c.operations),
    },
    memory: {
      weights: figure(({ parameters: p }) => p && times(p, [4])),
      stream:
        programs.step === null
          ? null
          : { total: named("stream memory"), state: named("stream state") },
      training: trainingMemory(figures, truncate, figure),
    },
    attention: attentionOf(figures),
  };
}

type Make = (of: (all: CostFigures["numbers"]) => Formula | undefined) => Figure;

/**
 * Bytes of a gradient over T steps. whole: c + (d + h)·T, with d the inputs, targets and results a step has,
 * h what the backward pass needs of it. truncated: the same over K steps at a time, states carried.
 * checkpointed: the states of every k-th step are kept and k steps at a time computed again; with
 * k = √(s·T/h), s the bytes of the states, c + d·T + 2·√(s·h·T) at the work of one forward pass more.
 * Chen et al. 2016 (arXiv:1604.06174), section 4; Gruslys et al. 2016 (arXiv:1606.03401) for networks over time.
 */
function trainingMemory(figures: CostFigures, truncate: number, figure: Make) {
  const { sizes } = figures;
  const over = Object.keys(sizes).filter((s) => s !== "B");
  const [longest = "T"] = over.includes("T") ? ["T"] : over;
  const parts = (all: CostFigures["numbers"]) => {
    const [fixed, history] = [all["training fixed"]!, all["training history"]!];
    return {
      constant: plus(split(fixed, over, false), split(history, over, false)),
      data: split(fixed, over, true),
      history: split(history, over, true),
      state: all["carried state"]!,
    };
  };
  const whole = figure((all) => plus(all["training fixed"]!, all["training history"]!));
  const own = parts(figures.numbers);
  const atLength = (f: Formula, T: number): number =>
    at(f, { ...sizes, ...Object.fromEntries(over.map((s) => [s, T])) });
  /** In bytes: everything at once, K steps at a time, and with checkpoints and their distance. */
  const strategies = (T: number) => {
    const [c, d, h] = [atLength(own.constant, T), atLength(own.data, T), atLength(own.history, T)];
    const s = at(own.state, sizes);
    const every = Math.min(T, Math.max(1, Math.round(Math.sqrt((s * T * T) / Math.max(1, h)))));
    const [K, none] = [Math.min(T, truncate), s === 0 || h === 0];
    return {
      steps: T,
      whole: c + d + h,
      truncated: atLength(own.constant, K) + atLength(own.data, K) + atLength(own.history, K),
      checkpointed: none ? null : c + d + s * Math.ceil(T / every) + (h * every) / T,
      every,
    };
  };
  const here = strategies(sizes[longest] ?? 1);
  const named = figures.symbolic === null ? null : parts(figures.symbolic.figures);
  return {
    whole,
    constant: figure((all) => parts(all).constant),
    data: figure((all) => parts(all).data),
    history: figure((all) => parts(all).history),
    state: figure((all) => all["carried state"]),
    truncated: {
      steps: truncate,
      formula: whole.formula?.replace(/\b(T|S)\b/g, "K") ?? null,
      value: here.truncated,
    },
    checkpointed:
      here.checkpointed === null
        ? null
        : {
            every: here.every,
            formula:
              named === null
                ? null
                : `${show(named.constant)} + ${show(named.data)} + 2·√((${show(named.state)})·(${show(named.history)}))`,
            value: here.checkpointed,
          },
    curve: LENGTHS.map(strategies),
  };
}

/** The terms with a sequence's length in them, or those without. */
function split(f: Formula, sequences: readonly string[], varying: boolean): Formula {
  return new Map(
    [...f].filter(([key]) => key.split("·").some((s) => sequences.includes(s)) === varying),
  );
}

/** `T·(9 + ⌈log₂(H)⌉) + 3`. */
function depthOf(figures: CostFigures, terms: (choice: Choice) => readonly Term[]): Figure {
  const { numbers, choice, symbolic, sizes } = figures;
  const name = (c: Choice, t: Term): string =>
    t.sum === null ? "" : `sum ${c.sums.indexOf(t.sum)}`;
  const levels = (t: Term): number =>
    Math.ceil(Math.log2(Math.max(1, at(numbers[name(choice, t)] ?? new Map(), sizes))));
  const value = terms(choice).reduce(
    (n, t) =>
      n + t.count * (t.sum === null ? 1 : levels(t)) * (t.over === null ? 1 : (sizes[t.over] ?? 1)),
    0,
  );
  if (symbolic === null) return { formula: null, value };
  const groups = new Map<string | null, Map<string, number>>();
  for (const t of terms(symbolic.choice)) {
    const of = symbolic.figures[name(symbolic.choice, t)];
    const key = t.sum === null || of === undefined ? "" : `⌈log₂(${show(of)})⌉`;
    const group = groups.get(t.over) ?? new Map<string, number>();
    groups.set(t.over, group.set(key, (group.get(key) ?? 0) + t.count));
  }
  const texts = [...groups].map(([over, group]) => {
    const parts = [...group].flatMap(([key, n]) =>
      n === 0 ? [] : [key === "" ? String(n) : n === 1 ? key : `${n}·${key}`],
    );
    const sum = parts.join(" + ");
    return over === null || sum === ""
      ? sum
      : parts.length === 1
        ? `${sum}·${over}`
        : `(${sum})·${over}`;
  });
  // What repeats comes first, as in every other formula.
  const ordered = texts
    .filter((t) => t !== "")
    .sort((a, b) => Number(/·[A-Z]\w*$/.test(b)) - Number(/·[A-Z]\w*$/.test(a)));
  return { formula: ordered.join(" + ").replaceAll("+ -", "− ") || "0", value };
}

/** Of a cell over one sequence of numbers: others have no attention layer of their widths. */
function attentionOf(
  figures: CostFigures,
): { parameters: Figure; rows: readonly Comparison[] } | null {
  const { numbers, sizes, programs } = figures;
  const formulas = figures.symbolic?.figures ?? null;
  const tokens = programs.forward.inputs.some(
    ({ buffer }) => programs.forward.buffers[buffer]?.dtype === "index",
  );
  const others = Object.keys(sizes).some((s) => s !== "B" && s !== "T");
  if (
    figures.kind === "model" ||
    tokens ||
    others ||
    !programs.forward.stages.some((s) => s.kind === "scan")
  )
    return null;
  const single = (f: Formula): Formula => withDims(f, { B: 1 });
  const layer = (all: CostFigures["numbers"]) =>
    attentionCost({ input: all["width in"]!, output: all["width out"]! });
  const [ours, symbolic] = [layer(numbers), formulas === null ? null : layer(formulas)];
  const T = sizes.T ?? 1;
  const row = (
    what: string,
    recurrent: (all: CostFigures["numbers"]) => Formula,
    attention: (cost: ReturnType<typeof attentionCost>) => Formula,
  ): Comparison => {
    const [r, a] = [recurrent(numbers), attention(ours)];
    return {
      what,
      recurrent: {
        formula: formulas === null ? null : show(recurrent(formulas)),
        value: at(r, { T }),
      },
      attention: {
        formula: symbolic === null ? null : show(attention(symbolic)),
        value: at(a, { T }),
      },
      recurrentFrom: crossing(r, a),
      attentionFrom: crossing(a, r),
      curve: LENGTHS.map((steps) => ({
        steps,
        recurrent: at(r, { T: steps }),
        attention: at(a, { T: steps }),
      })),
    };
  };
  const varying = (f: Formula): Formula => split(single(f), ["T"], true);
  const streamed = programs.step !== null;
  const depth = new Map(
    figures.choice.kernels.map((t): [string, number] => [t.over === null ? "" : t.over, t.count]),
  );
  return {
    parameters: {
      formula: symbolic === null ? null : show(symbolic.parameters),
      value: at(ours.parameters, {}),
    },
    rows: [
      row(
        "work of T steps, FLOP",
        (all) => single(all["forward flops"]!),
        (c) => c.flops,
      ),
      row(
        "memory of a gradient over T steps, bytes",
        (all) => varying(plus(all["training fixed"]!, all["training history"]!)),
        (c) => c.training,
      ),
      row(
        "sequential depth, kernels",
        () => depth,
        (c) => constant(c.depth),
      ),
      ...(streamed
        ? [
            row(
              "kept between steps of a stream, bytes",
              (all) => single(all["stream state"]!),
              (c) => c.cache,
            ),
            row(
              "work of step T of a stream, FLOP",
              (all) => single(all["step flops"]!),
              (c) => c.stepFlops,
            ),
          ]
        : []),
    ],
  };
}
