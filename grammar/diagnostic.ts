/** @file What we tell a user about a mistake. In: a code from `codes.ts`, a span, words. Out: plain
 *  data and its rendering. Never throws for a user's mistake, never stops at the first. */
import type { Code } from "./codes.ts";
import type { Span } from "./span.ts";

export interface Diagnostic {
  readonly code: Code;
  readonly severity: "error" | "warning";
  /** One sentence, lower case, no full stop: "shape mismatch in gate `f`". */
  readonly message: string;
  readonly span: Span;
  /** Under the carets: what was got and wanted. */
  readonly label: string;
  /** A way out; null when there is none to name. */
  readonly help: string | null;
  readonly related: readonly { readonly span: Span; readonly message: string }[];
}
