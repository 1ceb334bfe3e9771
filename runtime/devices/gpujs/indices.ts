/** @file Whole-number expressions, written in place: gpu.js keeps them integers only so. In: constants and
 *  integer code. Out: integer code with constants folded. Never a division. */
import { code, type Code, whole } from "./code.ts";
import type { Atom } from "./writer.ts";

/** Its value where known as the text is written, else its code. */
export type Whole = { readonly value: number } | { readonly atom: Atom };

export const fixed = (value: number): Whole => ({ value });
export const running = (atom: Atom): Whole => ({ atom });

export function plus(a: Whole, b: Whole): Whole {
  if ("value" in a && "value" in b) return fixed(a.value + b.value);
  if ("value" in a) return shifted(b, a.value);
  if ("value" in b) return shifted(a, b.value);
  return both(a.atom, b.atom, code`(${a.atom.code} + ${b.atom.code})`);
}

export function minus(a: Whole, b: Whole): Whole {
  if ("value" in b) return shifted(a, -b.value);
  const left = asAtom(a);
  return both(left, b.atom, code`(${left.code} - ${b.atom.code})`);
}

export function times(a: Whole, b: Whole): Whole {
  if ("value" in a && "value" in b) return fixed(a.value * b.value);
  if ("value" in a) return times(b, a);
  if ("value" in b) {
    if (b.value === 0) return fixed(0);
    if (b.value === 1) return a;
  }
  const left = asAtom(a);
  const right = asAtom(b);
  return both(left, right, code`(${left.code} * ${right.code})`);
}

export function asAtom(a: Whole): Atom {
  return "atom" in a ? a.atom : { code: integer(a.value), depth: 0 };
}

function shifted(a: Whole, by: number): Whole {
  if ("value" in a) return fixed(a.value + by);
  if (by === 0) return a;
  const size = whole(Math.abs(by));
  const { code: text, depth } = a.atom;
  return running({ code: by > 0 ? code`(${text} + ${size})` : code`(${text} - ${size})`, depth });
}

function both(a: Atom, b: Atom, text: Code): Whole {
  return running({ code: text, depth: Math.max(a.depth, b.depth) });
}

function integer(value: number): Code {
  return value < 0 ? code`(0 - ${whole(-value)})` : whole(value);
}
