/** @file From equations to terms. In: a checked cell. Out: its step, with `fn`s written out and, where asked,
 *  with each equation's value in place of its name. Never evaluates. */
import type { Equation, Expr, FnDecl } from "../../grammar/ast.ts";
import { fillOf } from "../2-check/cell-declarations.ts";
import type { FlatCell } from "../2-check/checked.ts";
import { callable } from "../2-check/functions.ts";
import { constantOf } from "../3-lower/dims.ts";
import type { ApplyTerm, LeafKind, Step, Term } from "./term.ts";

/** What an expression's names mean. */
type Names = (name: string, lag: number | null) => Term;
type CallExpr = Extract<Expr, { kind: "call" }>;
type Draft = Term extends infer T ? (T extends Term ? Omit<T, "id"> : never) : never;

/**
 * `whole`: a name at this step is the term that its equation computes, and a const is its value;
 * else both are leaves, and each equation stands for itself. `sizes` of the cell's dims.
 */
export function buildStep(
  cell: FlatCell,
  fns: ReadonlyMap<string, FnDecl>,
  sizes: Readonly<Record<string, number>>,
  whole: boolean,
): Step {
  const all: Term[] = [];
  const known = new Map<string, Term>();
  const written = new Map<Expr, Term>();
  const values = new Map<string, Term>();
  const consts = new Map(cell.consts.map((c) => [c.name.text, c.value]));
  const kinds = new Map<string, LeafKind>([
    ...cell.inputs.map((d) => [d.name, "input"] as const),
    ...cell.memories.map((d) => [d.name, "memory"] as const),
    ...cell.params.map((d) => [d.name, "param"] as const),
    ...cell.equations.map((e) => [e.name.text, "name"] as const),
  ]);

  const make = (key: string, draft: Draft): Term => {
    const before = known.get(key);
    if (before !== undefined) return before;
    const term: Term = { ...draft, id: all.length };
    all.push(term);
    known.set(key, term);
    return term;
  };
  const number = (value: number): Term => make(`${value}`, { kind: "number", value });
  const leaf = (of: LeafKind, name: string, lag = 0): Term =>
    make(`${of} ${name} ${lag}`, { kind: "leaf", of, name, lag });
  const apply = (call: string, args: readonly Term[], settings: ApplyTerm["settings"] = {}): Term =>
    make(`${call}(${args.map((a) => a.id).join()}) ${JSON.stringify(settings)}`, {
      kind: "apply",
      call,
      args,
      settings,
    });

  function numeric(name: string): number | null {
    const value = consts.get(name);
    return value === undefined ? (sizes[name] ?? null) : constantOf(value, numeric);
  }
  const names: Names = (name, lag) => {
    if (lag !== null && lag > 0) return leaf("past", name, lag);
    const value = whole ? values.get(name) : undefined;
    if (value !== undefined) return value;
    const constant = consts.get(name);
    if (constant !== undefined) return whole ? build(constant, names) : leaf("const", name);
    return leaf(kinds.get(name) ?? "dim", name);
  };
  /** Of a fn's body: its parameters, and the dims of their shapes. */
  const namesIn =
    (fn: FnDecl, args: readonly Term[]): Names =>
    (name) =>
      args[fn.params.findIndex((p) => p.name.text === name)] ??
      leaf("dim", `${fn.name.text} ${name}`);

  function build(e: Expr, scope: Names): Term {
    const term = built(e, scope);
    if (scope === names) written.set(e, term);
    return term;
  }
  function built(e: Expr, scope: Names): Term {
    switch (e.kind) {
      case "number":
        return number(e.value);
      case "ref":
        return scope(e.name, e.lag);
      case "unary":
        return apply("neg", [build(e.operand, scope)]);
      case "binary":
        return apply(e.op, [build(e.left, scope), build(e.right, scope)]);
      case "call":
        return buildCall(e, scope);
      default:
        // Of models only.
        return leaf("name", e.kind);
    }
  }
  function buildCall(e: CallExpr, scope: Names): Term {
    const positional = e.args.flatMap((a) => (a.kind === "positional" ? [a.value] : []));
    const f = callable(e.callee.text);
    if (f === undefined) {
      const args = positional.map((a) => build(a, scope));
      const fn = fns.get(e.callee.text);
      return fn === undefined ? apply(e.callee.text, args) : expand(fn, args);
    }
    const arity = f.arity ?? positional.length;
    const args = positional.slice(0, arity).map((a) => build(a, scope));
    const settings: Record<string, number> = {};
    for (const [i, { name, ...setting }] of f.settings.entries()) {
      const named = e.args.find((a) => a.kind === "named" && a.name.text === name);
      const given = named?.kind === "named" ? named.value : positional[arity + i];
      const fallback = setting.kind === "number" ? setting.default : null;
      const value =
        given === undefined ? fallback : constantOf(given, scope === names ? numeric : none);
      if (value !== null) settings[name] = value;
    }
    return apply(e.callee.text, args, settings);
  }
  /** A fn's body with its arguments in place; once for the same arguments, however deep fns call fns. */
  function expand(fn: FnDecl, args: readonly Term[]): Term {
    const key = `fn ${fn.name.text}(${args.map((a) => a.id).join()})`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const body = build(fn.body, namesIn(fn, args));
    known.set(key, body);
    return body;
  }

  const initial = new Map<string, Term>();
  for (const eq of cell.equations) if (!eq.timed) set(eq);
  for (const s of cell.states) {
    if (s.init?.kind === "learn") continue;
    const fill = s.init === null ? 0 : kinds.has(nameOf(s.init.expr)) ? null : fillOf(s.init.expr);
    initial.set(s.name, fill === null ? build(s.init!.expr, names) : number(fill));
  }
  for (const eq of cell.equations) if (eq.timed) set(eq);
  return { all, values, initial, termOf: (e) => written.get(e) };

  function set(eq: Equation): void {
    values.set(eq.name.text, build(eq.value, names));
  }
}

const none = (): null => null;
const nameOf = (e: Expr): string => (e.kind === "ref" ? e.name : "");
