/** @file Checking a cell. In: one cell out of its line of `extends`. Out: the flat cell that lowering
 *  reads, the types of its names, and reports of all its mistakes. Never concrete sizes. */
import type { Equation, Expr } from "../../grammar/ast.ts";
import { type Diagnostic, error } from "../../grammar/diagnostic.ts";
import type { MergedCell } from "../1-resolve/flatten.ts";
import type { Library } from "../1-resolve/load.ts";
import { didYouMean, type Report } from "../1-resolve/report.ts";
import { checkDeclarations, declareNames } from "./cell-declarations.ts";
import { type CellNames, cellScope, isTimed, kindOf } from "./cell-scope.ts";
import { flatten, keep, warnUnused } from "./cell-uses.ts";
import type { FlatCell } from "./checked.ts";
import type { DimValues } from "./dims.ts";
import { typeOf } from "./expr.ts";
import { checkGates } from "./gates.ts";
import { order, type Read } from "./order.ts";
import { type RefExpr, textOf, tokensOut } from "./scope.ts";
import { sameShape, showShape, type Type } from "./types.ts";

export interface CheckedCell {
  readonly flat: FlatCell;
  /** Types of inputs, memories, states and outputs; null where a mistake was reported. */
  readonly types: ReadonlyMap<string, Type | null>;
}

/** `sizes`: of the cell's dims, where they are known; else they stand for themselves. */
export function checkCell(
  merged: MergedCell,
  library: Library,
  report: Report,
  sizes?: DimValues,
): CheckedCell {
  const errors: Diagnostic[] = [];
  const cell = declareNames(
    merged,
    library,
    (d) => {
      errors.push(d);
      report(d);
    },
    sizes,
  );
  const kept = keep(merged);
  checkUpdates(cell);
  const ordered = order(kept.values, (e) => readsThisStep(e, cell));
  for (const cycle of ordered.cycles) reportCycle(cycle, cell);
  for (const name of ordered.names) checkEquation(kept.equations.get(name)!, cell);
  checkDeclarations(cell);
  checkInterface(cell);
  const equations = ordered.names.map((name) => kept.equations.get(name)!);
  // What a mistake left unused, or unknown, is not worth a warning.
  if (errors.length === 0 && !merged.incomplete) {
    warnUnused(cell);
    checkGates(cell, equations);
  }
  return { flat: flatten(merged, equations), types: cell.types };
}

/** In equations: a state read without its lag is a mistake of its own, and no cycle. */
function readsThisStep(e: RefExpr, cell: CellNames): boolean {
  const d = cell.merged.declared.get(e.name);
  return d?.kind === "state" ? e.lag === 0 : e.lag === 0 || e.lag === null;
}

function checkEquation(e: Equation, cell: CellNames): void {
  const name = e.name.text;
  const where = `${e.role} \`${name}\``;
  const timed = e.timed || e.role === "state";
  const type = typeOf(e.value, cellScope(cell, where, timed));
  if (e.role !== "state") {
    cell.types.set(name, type);
    return;
  }
  const declared = cell.types.get(name);
  if (type === null || declared === null || declared === undefined) return;
  if (sameShape(type.shape, declared.shape)) return;
  cell.report(
    error("E203", e.value.span, `shape mismatch in ${where}`, {
      label: `is ${showShape(type.shape)}, but \`${name}\` is declared ${showShape(declared.shape)}`,
    }),
  );
}

/** Every state has one equation, and nothing else has one without `let`. */
function checkUpdates(cell: CellNames): void {
  const { merged, report } = cell;
  for (const { equation } of merged.updates.values()) {
    const name = equation.name.text;
    const d = merged.declared.get(name);
    if (d === undefined && merged.incomplete) continue;
    if (d?.kind !== "state") {
      const states = [...merged.declared.values()].filter((s) => s.kind === "state");
      const near = didYouMean(
        name,
        states.map((s) => s.name),
      );
      report(
        error("E215", equation.name.span, `\`${name}\` is no state`, {
          label: d === undefined ? "is not declared" : `is ${kindOf(d)}`,
          help:
            d === undefined
              ? (near ?? `write \`let ${name}[t] = …\`, or declare \`state ${name}: […]\``)
              : "only states, `let` and `gate` have equations",
        }),
      );
    }
  }
  for (const d of merged.declared.values()) {
    if (d.kind !== "state" || merged.updates.has(d.name) || merged.incomplete) continue;
    report(
      error("E214", d.span, `state \`${d.name}\` has no equation`, {
        label: "nothing says what it becomes",
        help: `add \`${d.name}[t] = …\``,
      }),
    );
  }
}

function reportCycle(cycle: readonly Read[], cell: CellNames): void {
  const [first, ...rest] = cycle;
  const text = (e: Expr) => textOf(e) ?? "";
  const last = cycle.at(-1)!;
  const chain = [text(last.at), ...cycle.map((r) => text(r.at))].join(" → ");
  const state = cycle.find((r) => cell.merged.declared.get(r.to)?.kind === "state");
  cell.report(
    error("E216", first!.at.span, `\`${first!.from}\` needs itself in the same step`, {
      label: chain,
      help:
        state === undefined
          ? "make one of them a state, and read the step before: `[t-1]`"
          : `read the step before somewhere: \`${state.to}[t-1]\``,
      related: rest.map((r) => ({ span: r.at.span, message: `\`${r.from}\` reads it here` })),
    }),
  );
}

/** At least one input and one output, and outputs that are computed at every step. */
function checkInterface(cell: CellNames): void {
  const { merged, report, where } = cell;
  const declared = [...merged.declared.values()];
  for (const o of merged.outputs) {
    const d = merged.declared.get(o.name);
    if (d === undefined && !merged.incomplete) {
      const timed = declared.filter(isTimed).map((t) => t.name);
      report(
        error("E222", o.span, `${where} does not compute \`${o.name}\``, {
          label: "is not declared",
          help: didYouMean(o.name, timed) ?? `write \`output ${o.name}[t] = …\``,
        }),
      );
    } else if (d?.kind === "input" && d.of !== null) report(tokensOut(o.name, o.span));
    else if (d?.kind === "let" && !d.equation.timed) {
      report(
        error("E211", o.span, `output \`${o.name}\` needs a value at every step`, {
          label: "is the same for the whole sequence",
          help: `write \`${o.name}[t] = …\` where it is computed`,
        }),
      );
    } else if (d !== undefined && !isTimed(d)) {
      report(
        error("E222", o.span, `${where} cannot put out \`${o.name}\``, {
          label: `is ${kindOf(d)}, the same at every step`,
          help: "an output is a state, a `let` or a `gate`",
        }),
      );
    }
  }
  if (merged.incomplete) return;
  const { span } = merged.decl.name;
  if (merged.outputs.length === 0) {
    const state = declared.find((d) => d.kind === "state");
    const help = `add \`output ${state?.name ?? "y[t] = …"}\``;
    report(error("E222", span, `${where} has no output`, { label: "computes nothing", help }));
  }
  if (!declared.some((d) => d.kind === "input")) {
    report(
      error("E233", span, `${where} has no input`, {
        label: "nothing says how many steps there are",
        help: "add `input x: [D]`",
      }),
    );
  }
}
