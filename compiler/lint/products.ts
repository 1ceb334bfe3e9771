/** @file Products of a matrix with what comes from the states, and what becomes of them. In: a cell. Out:
 *  those that meet a squashing function, and those that reach a state as they are. */
import { farSlope, isFunction, keepsValue, MOVES, squashes, steepest } from "./calls.ts";
import { ANY } from "../ops/interval.ts";
import { matrixSize } from "./starts.ts";
import type { Subject } from "./subject.ts";
import { type ApplyTerm, containing, fold, isPast, type LeafTerm, type Term } from "./term.ts";
import { at } from "./values.ts";

/** `scale · W @ v`, where v comes from a state. */
export interface Product {
  readonly matrix: LeafTerm;
  /** v. */
  readonly operand: Term;
  /** Numbers, gates as they start, and slopes that it has met. */
  readonly scale: number;
}

/** A product that enters a squashing function: `slope` is the function's steepest. */
export interface Squashed {
  readonly product: Product;
  readonly slope: number;
}

export interface Products {
  readonly squashed: readonly Squashed[];
  /** For each term, the products that are in it as they are. */
  readonly open: readonly (readonly Product[])[];
}

export function productsOf(subject: Subject): Products {
  const { step, start } = subject;
  const moving = containing(step, isPast);
  const squashed: Squashed[] = [];
  const open = fold<readonly Product[]>(step, (term, of) => {
    if (term.kind !== "apply") return [];
    const [a, b] = term.args;
    const all = () => term.args.flatMap(of);
    if (MOVES.has(term.call)) return all();
    switch (term.call) {
      case "@": {
        const matrix = matrixOf(a!, subject);
        return matrix !== null && moving[b!.id] ? [{ matrix, operand: b!, scale: 1 }] : [];
      }
      case "+":
      case "-":
      case "neg":
      case "maximum":
      case "minimum":
        return all();
      case "where":
        return term.args.slice(1).flatMap(of);
      case "*":
        return [...scaled(of(a!), at(start, b!)), ...scaled(of(b!), at(start, a!))];
      case "/":
        return scaled(of(a!), 1 / at(start, b!)).filter(() => !moving[b!.id]);
      default:
        return isFunction(term) ? through(term, of(a!)) : [];
    }
  });
  return { squashed, open };

  function through(f: ApplyTerm, products: readonly Product[]): readonly Product[] {
    if (products.length === 0) return [];
    if (!squashes(f)) return scaled(products, farSlope(f));
    const slope = steepest(f, ANY);
    squashed.push(...products.map((product) => ({ product, slope })));
    return [];
  }
}

/** A matrix parameter of known size, transposed or stopped or as it is. */
function matrixOf(term: Term, subject: Subject): LeafTerm | null {
  if (term.kind === "apply" && (term.call === "transpose" || keepsValue(term)))
    return matrixOf(term.args[0]!, subject);
  if (term.kind !== "leaf" || term.of !== "param") return null;
  return subject.params.get(term.name)?.shape.length === 2 ? term : null;
}

/** Products by a factor; none where it is 0, or not one number. */
function scaled(products: readonly Product[], by: number): readonly Product[] {
  const factor = Math.abs(by);
  if (!(factor > 0 && Number.isFinite(factor))) return [];
  return products.map((p) => ({ ...p, scale: p.scale * factor }));
}

/** About the factor by which the product grows from step to step, as its matrix starts. */
export function growthOf({ matrix, scale }: Product, { params }: Subject): number {
  const { initialiser, shape } = params.get(matrix.name)!;
  return scale * matrixSize(initialiser, shape).radius;
}
