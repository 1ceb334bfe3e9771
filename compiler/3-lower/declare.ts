/** @file Leaves that the artifact lists: parameters, inputs, masks. In: a declaration. Out: the leaf, and
 *  its line in the build. Each name once. */
import type { Expr, Initialiser } from "../../grammar/ast.ts";
import type { Span } from "../../grammar/span.ts";
import type { InitialiserInfo } from "../../runtime/artifact/artifact.ts";
import { INITIALISERS, type InitialiserSpec } from "../../runtime/artifact/initialisers.ts";
import { isInitialiser } from "../2-check/initialisers.ts";
import { invariant } from "../ir/invariant.ts";
import { type NodeId, real, type Tensor } from "../ir/ir.ts";
import type { Build } from "./build.ts";
import { constantOf, numbers } from "./dims.ts";

export function addParam(
  build: Build,
  name: string,
  shape: readonly number[],
  initialiser: Initialiser,
  span: Span,
  number: (name: string) => number | null,
): NodeId {
  invariant(
    build.params.every((p) => p.name !== name),
    `two parameters called ${name}`,
  );
  const place = build.places.add(`param ${name}`, span);
  const info = initialiserInfo(initialiser, number);
  build.params.push({ name, shape, initialiser: info, place });
  return build.b.within(span, name, () => build.b.leaf(`param:${name}`, real(shape)));
}

/** Positional and named arguments by name, defaults filled in. */
export function initialiserInfo(
  { name, args }: Initialiser,
  number: (name: string) => number | null,
): InitialiserInfo {
  invariant(isInitialiser(name.text), `no initialiser is called ${name.text}`);
  const value = (e: Expr): number => {
    const x = constantOf(e, number);
    invariant(x !== null, `${name.text} takes numbers`);
    return x;
  };
  const spec: InitialiserSpec = INITIALISERS[name.text];
  const positional = args.filter((a) => a.kind === "positional");
  const given = spec.args.map((p, i): readonly [string, number | null] => {
    const named = args.find((a) => a.kind === "named" && a.name.text === p.name);
    const found = named ?? positional[i];
    return [
      p.name,
      found === undefined || found.kind === "target" ? p.default : value(found.value),
    ];
  });
  return {
    name: name.text,
    args: Object.fromEntries(given.flatMap(([key, x]) => (x === null ? [] : [[key, x]]))),
  };
}

/** An input of the entry, in the main graph. */
export function addInput(
  build: Build,
  name: string,
  type: Tensor,
  of: number | null,
  memory: boolean,
  span: Span,
): NodeId {
  const place = build.places.add(`input ${name}`, span);
  const symbol = type.shape[0];
  const seq = memory && typeof symbol === "string" ? symbol : type.seq;
  const shape = numbers(memory ? type.shape.slice(1) : type.shape);
  build.inputs.push({ name, seq, memory, shape, of, place });
  const streamed = build.options.streaming ? { ...type, seq: null } : type;
  return build.b.within(span, name, () => build.b.leaf(`input:${name}`, streamed));
}

/** A keep-mask that the host draws: 1 with probability `keep`. */
export function addRandom(
  build: Build,
  prefix: string,
  type: Tensor,
  keep: number,
  seq: string | null,
): NodeId {
  const name = `${prefix}${build.randoms.length}`;
  build.randoms.push({ name, seq, shape: numbers(type.shape), keep });
  return build.b.leaf(`random:${name}`, { ...type, batch: true, seq });
}
