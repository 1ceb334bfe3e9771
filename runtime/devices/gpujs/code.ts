/** @file Typed program text. In: template literals of this folder, numbers, our own counters. Out: `Code`.
 *  Never a string from an artifact: nothing here takes one. */

declare const CODE: unique symbol;

/** Text that may run. Only `code`, `lines` and the makers of numbers and names below make it. */
export type Code = string & { readonly [CODE]: true };

/** A template whose parts are code already: code`${a} + ${b}`. */
export function code(text: TemplateStringsArray, ...parts: readonly Code[]): Code {
  return text.reduce((all, piece, i) => `${all}${parts[i - 1]}${piece}`) as Code;
}

export function lines(parts: readonly Code[]): Code {
  return parts.join("\n") as Code;
}

export function commas(parts: readonly Code[]): Code {
  return parts.join(", ") as Code;
}

/** A name of ours: a letter and a counter. */
export function name(kind: "a" | "i" | "v", index: number): Code {
  return `${kind}${whole(index)}` as Code;
}

/** A whole number ≥ 0: an extent, an index. */
export function whole(n: number): Code {
  if (!Number.isSafeInteger(n) || n < 0) throw new RangeError(`${n} is not a whole number`);
  return String(n) as Code;
}

const LARGEST = 3.4028234663852886e38;

/** A real number as every backend reads it: finite, in the range of float32, signed in parentheses. */
export function real(x: number): Code {
  if (Number.isNaN(x)) throw new RangeError("NaN is not a literal");
  const finite = Math.min(Math.max(x, -LARGEST), LARGEST);
  const text = String(Math.abs(Math.fround(finite) === 0 ? 0 : finite));
  return (finite < 0 ? `(-${text})` : text) as Code;
}
