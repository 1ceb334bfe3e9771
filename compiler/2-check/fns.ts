/** @file Signatures of `fn`s. In: declarations. Out: parameters' and result's shapes in the fn's own
 *  dims. Never looks into a body: `check-fn.ts` does. */
import type { FnDecl, ShapeExpr } from "../../grammar/ast.ts";
import { type Dim, dimOf, namesOf } from "./dims.ts";
import type { Shape } from "./types.ts";

export interface Signature {
  readonly params: readonly { readonly name: string; readonly shape: Shape }[];
  readonly returns: Shape;
  /** Dims that calls give values to: those of the parameters. */
  readonly own: ReadonlySet<string>;
}

/** Null where a dim is none (reported when the fn itself is checked). */
export function signatureOf(fn: FnDecl): Signature | null {
  const shapes = [...fn.params.map((p) => p.shape), fn.returns].map(plainShape);
  const known = shapes.filter((s) => s !== null);
  if (known.length < shapes.length) return null;
  const params = fn.params.map((p, i) => ({ name: p.name.text, shape: known[i]! }));
  const own = new Set(params.flatMap((p) => p.shape.flatMap(namesOf)));
  return { params, returns: known.at(-1)!, own };
}

function plainShape(s: ShapeExpr): Shape | null {
  const dims = s.dims.map((d) => dimOf(d, () => {}));
  return dims.every((d): d is Dim => d !== null) ? dims : null;
}
