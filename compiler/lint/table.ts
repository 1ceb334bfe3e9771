/** @file Every lint rule. In: one file a rule. Out: the table that `lint`, tests and pages sweep. */
import type { Rule } from "./rule.ts";
import { cancelled } from "./rules/cancelled.ts";
import { closedGate } from "./rules/closed-gate.ts";
import { constantGate } from "./rules/constant-gate.ts";
import { duplicateParams } from "./rules/duplicate-params.ts";
import { recurrentSize } from "./rules/recurrent-size.ts";
import { repeatedEquation } from "./rules/repeated-equation.ts";
import { shortRange } from "./rules/short-range.ts";
import { unboundedState } from "./rules/unbounded-state.ts";
import { unreadState } from "./rules/unread-state.ts";
import { unstableExp } from "./rules/unstable-exp.ts";

export const RULES: readonly Rule[] = [
  closedGate,
  shortRange,
  unboundedState,
  unstableExp,
  recurrentSize,
  duplicateParams,
  cancelled,
  constantGate,
  unreadState,
  repeatedEquation,
];
