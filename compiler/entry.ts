/** @file Which declaration is compiled, at which sizes. In: checked declarations, what was asked. Out: the
 *  entry, or diagnostics that say what is missing. Never assumes a size. */
import { type Diagnostic, error, nearest } from "../grammar/diagnostic.ts";
import type { Span } from "../grammar/span.ts";
import type { Checked } from "./2-check/checked.ts";
import { evalDim } from "./3-lower/dims.ts";
import type { Entry } from "./3-lower/lower.ts";

export interface EntryRequest {
  readonly file: string;
  readonly entry?: string | undefined;
  readonly dims?: Readonly<Record<string, number>> | undefined;
  readonly direction?: "forward" | "backward" | undefined;
}

export interface Chosen {
  readonly entry: Entry | null;
  readonly diagnostics: readonly Diagnostic[];
}

export function chooseEntry(checked: Checked, request: EntryRequest): Chosen {
  const named = nameOf(checked, request);
  if (typeof named !== "string") return { entry: null, diagnostics: [named] };
  const cell = checked.cells.get(named);
  const model = checked.models.get(named);
  const decl = cell ?? model;
  if (decl === undefined)
    return { entry: null, diagnostics: [unknownEntry(checked, request, named)] };
  const kind = cell === undefined ? "model" : "cell";
  const at = cell?.lineage[0]?.name.span ?? model?.name.span ?? startOf(request.file);
  const diagnostics: Diagnostic[] = [];
  const dims: Record<string, number> = {};
  const given = request.dims ?? {};
  const names = decl.dims.map((d) => d.name.text);
  for (const d of decl.dims) {
    const name = d.name.text;
    const byDefault = d.default === null ? null : evalDim(d.default, dims);
    const value = given[name] ?? byDefault;
    if (typeof value !== "number") diagnostics.push(dimWithoutValue(named, name, d.name.span));
    else if (!Number.isInteger(value) || value < 1)
      diagnostics.push(badDim(name, value, d.name.span));
    else dims[name] = value;
  }
  for (const name of Object.keys(given)) {
    if (!names.includes(name)) diagnostics.push(unknownDim(named, name, names, at));
  }
  const direction = request.direction ?? "forward";
  if (kind === "model" && direction === "backward") {
    diagnostics.push(
      error("E306", at, `\`${named}\` is a model: a direction is for a cell`, {
        label: "a model",
        help: "write the direction in the model: `x | backward(…)`",
      }),
    );
  }
  if (diagnostics.length > 0) return { entry: null, diagnostics };
  const train = checked.trains.get(named) ?? null;
  return { entry: { name: named, decl, kind, direction, dims, train }, diagnostics };
}

/** Dims of the entry that have neither a value nor a default; empty where no entry is chosen. */
export function dimsWithoutValue(checked: Checked, request: EntryRequest): readonly string[] {
  const name = nameOf(checked, request);
  if (typeof name !== "string") return [];
  const dims = (checked.cells.get(name) ?? checked.models.get(name))?.dims ?? [];
  const open = dims.filter((d) => d.default === null && request.dims?.[d.name.text] === undefined);
  return open.map((d) => d.name.text);
}

/** The name asked for, or the only model, or the only declaration of the file. */
function nameOf(checked: Checked, request: EntryRequest): string | Diagnostic {
  if (request.entry !== undefined) return request.entry;
  const here = (file: string | undefined): boolean => file === request.file;
  const models = [...checked.models].filter(([, m]) => here(m.span.file)).map(([name]) => name);
  const cells = [...checked.cells]
    .filter(([, c]) => here(c.lineage[0]?.span.file))
    .map(([name]) => name);
  const only =
    models.length === 1
      ? models[0]
      : models.length === 0 && cells.length === 1
        ? cells[0]
        : undefined;
  if (only !== undefined) return only;
  const all = [...models, ...cells];
  const message =
    all.length === 0
      ? "the file declares no cell and no model"
      : "the file declares several entries";
  return error("E302", startOf(request.file), message, {
    label: all.length === 0 ? "nothing to compile" : `has ${all.map((n) => `\`${n}\``).join(", ")}`,
    help: all.length === 0 ? "declare a cell or a model" : `choose one: --entry ${all[0]}`,
  });
}

function unknownEntry(checked: Checked, request: EntryRequest, name: string): Diagnostic {
  const all = [...checked.models.keys(), ...checked.cells.keys()];
  const near = nearest(name, all);
  return error("E301", startOf(request.file), `no cell or model is called \`${name}\``, {
    label: all.length === 0 ? "declares none" : `has ${all.map((n) => `\`${n}\``).join(", ")}`,
    help: near === null ? null : `did you mean \`${near}\`?`,
  });
}

function dimWithoutValue(entry: string, name: string, at: Span): Diagnostic {
  return error("E303", at, `dim \`${name}\` of \`${entry}\` has no value`, {
    label: "needs a number",
    help: `give one: --set ${name}=8, or a default in the spec: \`${name} = 8\``,
  });
}

function badDim(name: string, value: number, at: Span): Diagnostic {
  return error("E304", at, `dim \`${name}\` is ${value}`, {
    label: "has to be a whole number, 1 or more",
    help: null,
  });
}

function unknownDim(entry: string, name: string, names: readonly string[], at: Span): Diagnostic {
  const near = nearest(name, names);
  const has = names.length === 0 ? "has no dims" : `has ${names.join(", ")}`;
  return error("E305", at, `\`${entry}\` has no dim \`${name}\``, {
    label: has,
    help: near === null ? null : `did you mean \`${near}\`?`,
  });
}

function startOf(file: string): Span {
  return { file, start: 0, end: 0, line: 1, column: 1 };
}
