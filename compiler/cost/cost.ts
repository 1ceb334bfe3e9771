/** @file What an entry costs. In: a checked entry, sizes. Out: parameters, work, depth and memory, as formulas in
 *  the spec's dims and as numbers, beside self-attention of the same widths. Never a time. */
import { checkSizes } from "../2-check/check.ts";
import type { Formula } from "../6-schedule/formula.ts";
import type { Entry } from "../3-lower/lower.ts";
import type { Source } from "../recompile.ts";
import { createPlaces } from "../3-lower/places.ts";
import { invariant } from "../ir/invariant.ts";
import { createStager } from "../programs.ts";
import { type Choice, choiceOf, figuresOf, type ProgramSet } from "./figures.ts";
import { interpolate, type Named } from "./fit.ts";
import { atDims, type Dims, OtherKernels } from "./template.ts";

export interface CostRequest extends Pick<Source, "checked" | "entry"> {
  /** Samples, and the length of every sequence. */
  readonly batch: number;
  readonly steps: number;
  /** Whether formulas in the dims are wanted too: they take a compilation a dim and two more. */
  readonly formulas: boolean;
}

export interface CostFigures {
  readonly kind: Entry["kind"];
  readonly dims: Dims;
  /** B, and every sequence at `steps`. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly programs: ProgramSet;
  readonly trains: boolean;
  /** By what is counted, in B and lengths alone: exact for these dims. */
  readonly numbers: Named<Formula>;
  readonly choice: Choice;
  /** The same in the dims as well, and the choice that they are of. */
  readonly symbolic: { readonly figures: Named<Formula>; readonly choice: Choice } | null;
  /** Why there are no formulas, or for which dims they hold. */
  readonly note: string | null;
}

export function costOfEntry(request: CostRequest): CostFigures {
  const { entry } = request;
  const programs = programsAt(request, entry.dims);
  invariant(programs !== null, "an entry at its own dims");
  const all = [programs.forward, programs.training];
  const sequences = all.flatMap((p) =>
    p.stages.flatMap((s) => (s.kind === "scan" ? [s.over] : [])),
  );
  const symbols = all.flatMap((p) =>
    p.buffers.flatMap((b) => b.shape.filter((e) => typeof e === "string")),
  );
  const sizes: Record<string, number> = {};
  for (const s of [...sequences, ...symbols]) sizes[s] = request.steps;
  sizes.B = request.batch;
  const choice = choiceOf(programs, sizes);
  const { found, note } = request.formulas
    ? symbolic(request, { dims: entry.dims, set: programs, choice }, sizes)
    : { found: null, note: "formulas were not asked for" };
  return {
    kind: entry.kind,
    dims: entry.dims,
    sizes,
    programs,
    trains: entry.train !== null,
    numbers: figuresOf(programs, choice),
    choice,
    symbolic: found,
    note,
  };
}

interface Symbolic {
  readonly found: CostFigures["symbolic"];
  readonly note: string | null;
}

/**
 * Formulas from programs at neighbouring dims. Where the dims asked for are a special case (a vector of one
 * element needs no loop), formulas are those of dims that are not.
 */
function symbolic(request: CostRequest, own: At, sizes: CostFigures["sizes"]): Symbolic {
  const names = Object.keys(own.dims);
  const there = fitted(request, own);
  if (there !== null) return { found: there, note: null };
  const dims = Object.fromEntries(
    Object.entries(own.dims).map(([k, v]) => [k, Math.max(v, PLAIN)]),
  );
  const small = names.filter((n) => dims[n] !== own.dims[n]);
  const set = small.length === 0 ? null : programsAt(request, dims);
  const found = set === null ? null : fitted(request, { dims, set, choice: choiceOf(set, sizes) });
  return found === null
    ? { found, note: "other dims make other kernels: the numbers hold for these dims alone" }
    : { found, note: `formulas hold for ${small.join(", ")} of ${PLAIN} and more` };
}

const PLAIN = 3;

interface At {
  readonly dims: Dims;
  readonly set: ProgramSet;
  readonly choice: Choice;
}

/** Null where the neighbours are other kernels, or the figures are no polynomials. */
function fitted(request: CostRequest, base: At): CostFigures["symbolic"] {
  const { choice } = base;
  const names = Object.keys(base.dims);
  try {
    const others = names.map((dim) => neighbour(request, base, dim));
    const all = Object.fromEntries(others.map((o) => [o.dim, o.value]));
    // Dims together: a size that is a product of two is not affine in both.
    const together = names.length < 2 ? null : programsAt(request, all);
    const figures = (dims: Dims): Named<Formula> => figuresOf(instance(base, others, dims), choice);
    const found = interpolate(figures, names, [base.dims, all]);
    const holds = together === null || sameFigures(figuresOf(together, choice), figures(all));
    return found === null || !holds ? null : { figures: found, choice };
  } catch (error) {
    if (error instanceof OtherKernels) return null;
    throw error;
  }
}

interface Other {
  readonly dim: string;
  readonly value: number;
  readonly set: ProgramSet;
}

/** The nearest value of one dim, others as they are, that is allowed and gives the same kernels. */
function neighbour(request: CostRequest, base: At, dim: string): Other {
  const d = base.dims[dim]!;
  for (const value of [d + 1, 2 * d, d + 2, d + 4]) {
    const set = programsAt(request, { ...base.dims, [dim]: value });
    if (set === null) continue;
    const other = { dim, value, set };
    instance(base, [other], base.dims); // throws where the kernels are others
    return other;
  }
  throw new OtherKernels();
}

function instance({ dims: base, set }: At, others: readonly Other[], dims: Dims): ProgramSet {
  const of = (name: keyof ProgramSet) => {
    const program = set[name];
    if (program === null) return null;
    const there = others.map((o) => {
      const p = o.set[name];
      if (p === null) throw new OtherKernels();
      return { dim: o.dim, value: o.value, program: p };
    });
    return atDims({ dims: base, program, others: there }, dims);
  };
  return { forward: of("forward")!, step: of("step"), training: of("training")! };
}

function programsAt({ checked, entry }: CostRequest, dims: Dims): ProgramSet | null {
  if (checkSizes(checked, entry.name, dims).length > 0) return null;
  const there: Entry = { ...entry, dims };
  const stager = createStager(checked, there, createPlaces(checked.files));
  const of = (name: "forward" | "step" | "train" | "gradient") =>
    stager.stages(name)?.program ?? null;
  const [forward, training] = [of("forward"), of(entry.train === null ? "gradient" : "train")];
  invariant(forward !== null && training !== null, "every entry has these programs");
  return { forward, step: of("step"), training };
}

function sameFigures(a: Named<Formula>, b: Named<Formula>): boolean {
  return Object.entries(a).every(([name, f]) => {
    const g = b[name]!;
    return [...new Set([...f.keys(), ...g.keys()])].every(
      (key) =>
        Math.abs((f.get(key) ?? 0) - (g.get(key) ?? 0)) <= 1e-6 * Math.abs(f.get(key) ?? 0) + 1e-6,
    );
  });
}
