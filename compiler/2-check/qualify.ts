/** @file Names that go beyond their file. In: checked declarations. Out: the same, every fn and cell
 *  called by the one name it goes by over all files, so that a later phase needs no scopes. */
import type { Expr, FnDecl, ModelDecl, Name } from "../../grammar/ast.ts";
import type { Library } from "../1-resolve/load.ts";
import { mapExpr } from "../1-resolve/visit.ts";
import type { FlatCell } from "./checked.ts";

export function qualifyFn(fn: FnDecl, library: Library): FnDecl {
  const own = new Set(fn.params.map((p) => p.name.text));
  const name = { ...fn.name, text: library.nameOf(fn) };
  return { ...fn, name, body: qualified(fn.body, own, library) };
}

export function qualifyCell(cell: FlatCell, library: Library): FlatCell {
  const [decl] = cell.lineage;
  const values = new Set(
    [...cell.inputs, ...cell.memories, ...cell.states, ...cell.params].map((d) => d.name),
  );
  const again = (e: Expr) => qualified(e, values, library);
  return {
    ...cell,
    name: decl === undefined ? cell.name : library.nameOf(decl),
    equations: cell.equations.map((e) => ({ ...e, value: again(e.value) })),
    states: cell.states.map((s) =>
      s.init?.kind === "value" ? { ...s, init: { ...s.init, expr: again(s.init.expr) } } : s,
    ),
  };
}

export function qualifyModel(model: ModelDecl, unique: string, library: Library): ModelDecl {
  const values = new Set(
    model.members.flatMap((m) =>
      m.kind === "equation" || m.kind === "const" ? [m.name.text] : m.names.map((n) => n.text),
    ),
  );
  const members = model.members.map((m) => {
    if (m.kind === "equation") return { ...m, value: qualified(m.value, values, library) };
    if (m.kind !== "output" || m.value === null) return m;
    return { ...m, value: qualified(m.value, values, library) };
  });
  return { ...model, name: { ...model.name, text: unique }, members };
}

/** `values`: names that mean values there, whatever else is called so. */
function qualified(e: Expr, values: ReadonlySet<string>, library: Library): Expr {
  const rename = (name: Name): Name => {
    const found = library.visible(name.span.file, name.text);
    return found === undefined ? name : { ...name, text: library.nameOf(found) };
  };
  return mapExpr(e, (x) => {
    if (x.kind === "call" || x.kind === "apply-dims") return { ...x, callee: rename(x.callee) };
    if (x.kind !== "ref" || x.lag !== null || values.has(x.name)) return x;
    return { ...x, name: rename({ text: x.name, span: x.span }).text };
  });
}
