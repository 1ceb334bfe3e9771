/** @file Checking a `fn`. In: its declaration. Out: reports. Its dims stand for themselves: what holds
 *  for them holds for any sizes a call may bring. */
import type { FnDecl } from "../../grammar/ast.ts";
import { error } from "../../grammar/diagnostic.ts";
import { duplicate, type Library } from "../1-resolve/load.ts";
import type { Report } from "../1-resolve/report.ts";
import { expressions } from "../1-resolve/visit.ts";
import { symbols } from "./dims.ts";
import { typeOf } from "./expr.ts";
import { fnScope } from "./fn-scope.ts";
import { callable } from "./functions.ts";
import { namesIn, shapeOf } from "./shapes.ts";
import { real, sameShape, showShape, type Type } from "./types.ts";

export function checkFn(fn: FnDecl, library: Library, report: Report): void {
  const where = `fn \`${fn.name.text}\``;
  if (callable(fn.name.text) !== undefined) {
    report(
      error("E202", fn.name.span, `\`${fn.name.text}\` is built in`, {
        label: "declared again here",
        help: "give it another name",
      }),
    );
  }
  const own = new Set(fn.params.flatMap((p) => namesIn(p.shape)));
  const values = symbols(own);
  const help = "the dims of a `fn` are those of its parameters";
  const dims = { report, where, known: values, lengths: new Set<string>(), help };
  const params = new Map<string, Type | null>();
  for (const p of fn.params) {
    const before = fn.params.find((q) => q.name.text === p.name.text)!;
    if (before !== p) report(duplicate(p.name.text, p.name.span, before.name.span));
    else if (own.has(p.name.text)) report(duplicate(p.name.text, p.name.span, p.shape.span));
    const shape = shapeOf(p.shape, dims);
    params.set(p.name.text, shape === null ? null : real(shape));
  }
  const returns = shapeOf(fn.returns, dims);
  const type = typeOf(fn.body, fnScope(fn, params, values, library, report));
  if (type !== null && returns !== null && !sameShape(type.shape, returns)) {
    report(
      error("E203", fn.body.span, `shape mismatch in ${where}`, {
        label: `is ${showShape(type.shape)}, but the fn returns ${showShape(returns)}`,
        related: [{ span: fn.returns.span, message: "declared here" }],
      }),
    );
  }
  checkRecursion(fn, library, report);
}

/** Reports the fn through which it calls itself, at the fn of the circle that is declared first. */
function checkRecursion(fn: FnDecl, library: Library, report: Report): void {
  const circle = pathTo(fn, fn, library, []);
  if (circle === null || circle.some((f) => isBefore(f, fn))) return;
  const names = [...circle, fn].map((f) => `\`${f.name.text}\``).join(" → ");
  report(
    error("E221", fn.name.span, `\`${fn.name.text}\` calls itself`, {
      label: names,
      help: "a `fn` is written into the equations that call it, so it cannot call itself",
    }),
  );
}

function pathTo(
  target: FnDecl,
  from: FnDecl,
  library: Library,
  seen: FnDecl[],
): readonly FnDecl[] | null {
  seen.push(from);
  for (const e of expressions(from.body)) {
    if (e.kind !== "call") continue;
    const next = library.visible(from.span.file, e.callee.text);
    if (next === target) return [from];
    if (next?.kind !== "fn" || seen.includes(next)) continue;
    const rest = pathTo(target, next, library, seen);
    if (rest !== null) return [from, ...rest];
  }
  return null;
}

const isBefore = (a: FnDecl, b: FnDecl): boolean =>
  a.span.file < b.span.file || (a.span.file === b.span.file && a.span.start < b.span.start);
