/** @file Every code a diagnostic can carry. In: nothing. Out: the table, one line a code, each with a
 *  page in docs/errors. Never a code used twice with two meanings. */

export const CODES = {
  E101: { title: "text that the language does not have" },
  E102: { title: "malformed number" },
  E103: { title: "string without its closing quote" },
  E104: { title: "unexpected token" },
  E105: { title: "not the start of a statement" },
  E106: { title: "bracket without its partner" },
  E107: { title: "lag that is not a constant number of steps back" },
  E108: { title: "index on something that is not a name" },
  E109: { title: "left side that is not `name[t]`" },
  E110: { title: "declaration in the wrong place" },
  E111: { title: "unknown train setting" },
  E112: { title: "import after a declaration" },
  E113: { title: "chained comparison" },
  E114: { title: "pipe into something that is not a layer" },
  E115: { title: "several names for one value" },
  E116: { title: "nesting too deep" },
  E117: { title: "target declared outside a loss" },
  E118: { title: "dim that is not a whole number" },
} as const satisfies Readonly<Record<string, { readonly title: string }>>;

export type Code = keyof typeof CODES;
