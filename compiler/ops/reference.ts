/** @file The reference pages of ops, losses and optimisers. In: their tables. Out: Markdown, the same
 *  for the same tables. Never written by hand: `npm run docs:ops` writes docs/ops/ from here. */
import { LOSSES } from "../losses/table.ts";
import type { Loss } from "../losses/loss.ts";
import type { Optimiser } from "../optimisers/optimiser.ts";
import { OPTIMISERS } from "../optimisers/table.ts";
import type { OpDef, Param } from "./op.ts";
import { OPERATORS, OPS } from "./table.ts";

/** Pages by file name. */
export function referencePages(): Readonly<Record<string, string>> {
  return { "README.md": opsPage(), "losses.md": lossesPage(), "optimisers.md": optimisersPage() };
}

function opsPage(): string {
  const all = Object.entries<OpDef>(OPS);
  const symbols = new Map<string, string>(Object.entries(OPERATORS).map(([s, op]) => [op, s]));
  const operators = all.flatMap(([name, op]) => {
    const symbol = symbols.get(name);
    if (symbol === undefined && name !== "neg") return [];
    return [[code(symbol === undefined ? "-x" : `a ${symbol} b`), op.doc]];
  });
  const called = (map: boolean) =>
    all
      .filter(([, op]) => op.spec !== null && (op.form === "map") === map)
      .map(([, op]) => [code(`${op.spec!.call}(${op.spec!.params})`), op.doc])
      .sort(byFirst);
  const inner = all
    .filter(([name, op]) => op.spec === null && !symbols.has(name) && name !== "neg")
    .map(([name, op]) => [code(name), op.doc])
    .sort(byFirst);
  return page("Ops", [
    "What an equation may say. Elementwise ops broadcast: shapes are aligned at the last axis, and an extent meets itself or 1. Time and batch are never written: every op is mapped over both.",
    "## Operators",
    table(["written", "meaning"], operators),
    "## Elementwise functions",
    table(["call", "meaning"], called(true)),
    "## Functions of whole values",
    table(["call", "meaning"], called(false)),
    "## What the compiler makes",
    "Ops that no spec names: what the above, layers, lengths and derivatives become.",
    table(["op", "meaning"], inner),
  ]);
}

function lossesPage(): string {
  const rows = Object.entries<Loss>(LOSSES).map(([name, loss]) => {
    const of = loss.target === "index" ? "t: [...] of K" : "t: [...]";
    return [code(`${name}(${["y", of, ...loss.params.map(param)].join(", ")})`), loss.doc];
  });
  return page("Losses", [
    "What a `train` block minimises: the mean over every element inside the samples. `y` is an output of the model, `t` declares the target.",
    table(["written", "meaning"], rows.sort(byFirst)),
  ]);
}

function optimisersPage(): string {
  const rows = Object.entries<Optimiser>(OPTIMISERS).map(([name, optimiser]) => {
    const hyper = Object.entries(optimiser.hyper).map(([h, v]) => `${h} = ${v}`);
    const kept = optimiser.slots.length === 0 ? "nothing" : optimiser.slots.join(", ");
    return [code(`${name}(${hyper.join(", ")})`), optimiser.doc, kept];
  });
  return page("Optimisers", [
    "How a `train` block moves the parameters p by their gradient g, after clipping; t is 1 at the first update. What is kept from step to step starts at 0.",
    table(["written, with defaults", "meaning", "keeps for each parameter"], rows.sort(byFirst)),
  ]);
}

function page(title: string, blocks: readonly string[]): string {
  const note = "<!-- Written by `npm run docs:ops` from the tables in compiler/. -->";
  return `${[`# ${title}`, note, ...blocks].join("\n\n")}\n`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

function code(text: string): string {
  return `\`${text}\``;
}

function param(p: Param): string {
  return p.default === null ? p.name : `${p.name} = ${p.default}`;
}

function byFirst(a: readonly string[], b: readonly string[]): number {
  const [x, y] = [a[0] ?? "", b[0] ?? ""];
  return x < y ? -1 : x > y ? 1 : 0;
}
