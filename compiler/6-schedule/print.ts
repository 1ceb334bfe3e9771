/** @file Text of programs. In: a Program. Out: lines for people and golden files, the same for the
 *  same program. Never what a device runs: each prints code of its own. */
import type {
  BufferId,
  Expr,
  Extent,
  Kernel,
  Program,
  ScanStage,
  Stage,
} from "../../runtime/artifact/kernel.ts";
import { kernelCount, loadsOf } from "./count.ts";
import { text } from "./formula.ts";

/**
 * Stages in order: `%7 c[B, 4] ← %5 p, %6 c : 40·B flops` is a kernel, its axes, what it loads and
 * what one run of it costs; a loop's kernels are indented, their cost is a step's.
 */
export function printProgram(program: Program): string {
  const ref = names(program);
  const lines = program.inputs.map(
    ({ name, buffer }) => `input ${name} = ${ref(buffer)}${shapeOf(program, buffer)}`,
  );
  const part = (title: string, stages: readonly Stage[]) =>
    stages.length === 0 ? [] : [title, ...stages.flatMap((s) => stageLines(program, s, ref))];
  lines.push(...part("prepare", program.prepare), ...part("run", program.stages));
  lines.push(...program.outputs.map(({ name, buffer }) => `output ${name} = ${ref(buffer)}`));
  return `${lines.join("\n")}\n`;
}

/** Every kernel as the loops it stands for, loops over steps around those of a scan. */
export function printKernels(program: Program): string {
  const ref = names(program);
  const lines = [...program.prepare, ...program.stages].flatMap((s) =>
    s.kind === "kernel"
      ? kernelText(s.kernel, ref, "")
      : [
          `for t of ${s.over}${s.reverse ? ", last first" : ""}`,
          ...s.kernels.flatMap((k) => kernelText(k, ref, "  ")),
        ],
  );
  return `${lines.join("\n")}\n`;
}

function stageLines(program: Program, stage: Stage, ref: (id: BufferId) => string): string[] {
  if (stage.kind === "kernel") return [kernelLine(program, stage.kernel, ref, "  ")];
  const list = (word: string, parts: readonly string[]) =>
    parts.length === 0 ? [] : [`    ${word} ${parts.join(", ")}`];
  return [
    `  for t of ${stage.over}${stage.reverse ? ", last first" : ""}`,
    ...list(
      "slice",
      stage.slices.map((s) => `${ref(s.local)} of ${ref(s.of)}`),
    ),
    ...list(
      "carry",
      stage.carries.map((c) => carryText(c, ref)),
    ),
    ...stage.kernels.map((k) => kernelLine(program, k, ref, "    ")),
    ...list(
      "next",
      stage.carries.map((c) => `${ref(c.local)} := ${ref(c.next)}`),
    ),
    ...list(
      "collect",
      stage.collects.map((c) => `${ref(c.from)} into ${ref(c.into)}`),
    ),
    ...list(
      "sum",
      stage.sums.map((s) => `${ref(s.from)} into ${ref(s.into)}`),
    ),
  ];
}

function carryText(c: ScanStage["carries"][number], ref: (id: BufferId) => string): string {
  const end = c.final === null ? "" : `, last is ${ref(c.final)}`;
  return `${ref(c.local)} from ${ref(c.init)}${end}`;
}

function kernelLine(
  program: Program,
  k: Kernel,
  ref: (id: BufferId) => string,
  indent: string,
): string {
  const loads = [...loadsOf(k)].map(ref).join(", ");
  const kinds = k.reductions.map((r) => `${r.kind}[${r.extents.join(", ")}]`).join(" ");
  const flops = text(kernelCount(k, program).flops);
  const parts = [
    `${ref(k.out)}${shapeOf(program, k.out)}`,
    kinds === "" ? null : `by ${kinds}`,
    loads === "" ? null : `← ${loads}`,
  ];
  return `${indent}${parts.filter((p) => p !== null).join(" ")} : ${flops} flops`;
}

function shapeOf(program: Program, id: BufferId): string {
  const shape = program.buffers[id]?.shape ?? [];
  return `[${shape.join(", ")}]`;
}

/** `%3 c`: the number makes it one of a kind, the label says what it is. */
function names(program: Program): (id: BufferId) => string {
  return (id) => `%${id} ${shortened(program.buffers[id]?.label ?? "")}`;
}

const LONGEST = 24;

function shortened(label: string): string {
  return label.length <= LONGEST ? label : `${label.slice(0, LONGEST - 1)}…`;
}

function kernelText(k: Kernel, ref: (id: BufferId) => string, indent: string): string[] {
  const lines: string[] = [];
  let deep = indent;
  const loop = (vars: readonly number[], extents: readonly Extent[]) => {
    if (vars.length === 0) return;
    lines.push(`${deep}for ${vars.map((v, i) => `${varName(v)} < ${extents[i]}`).join(", ")}`);
    deep += "  ";
  };
  loop(
    k.axes.map((_, i) => i),
    k.axes,
  );
  const inner = deep;
  for (const [i, r] of k.reductions.entries()) {
    const over = r.vars.map((v, j) => `${varName(v)} < ${r.extents[j]}`).join(", ");
    lines.push(`${inner}r${i} = ${r.kind} over ${over} of ${exprText(r.of, ref)}`);
  }
  const at = k.axes.map((_, i) => varName(i)).join(", ");
  lines.push(`${inner}${ref(k.out)}[${at}] = ${exprText(k.value, ref)}`);
  return lines;
}

const LETTERS = "ijklmnpquvwxyz";

function varName(v: number): string {
  return LETTERS[v] ?? `v${v}`;
}

const INFIX: Readonly<Record<string, string>> = {
  add: "+",
  sub: "-",
  mul: "*",
  div: "/",
  lt: "<",
  le: "<=",
  gt: ">",
  ge: ">=",
  eq: "==",
  ne: "!=",
};

/** An expression as one would write it; `(a ? b : c)` is a select. */
export function exprText(e: Expr, ref: (id: BufferId) => string): string {
  if ("lit" in e) return String(e.lit);
  if ("var" in e) return varName(e.var);
  if ("size" in e) return e.size;
  if ("red" in e) return `r${e.red}`;
  if ("load" in e) return `${ref(e.load)}[${e.at.map((i) => exprText(i, ref)).join(", ")}]`;
  const args = e.args.map((a) => exprText(a, ref));
  const sign = INFIX[e.call];
  if (e.call === "select") return `(${args[0]} ? ${args[1]} : ${args[2]})`;
  if (sign !== undefined) return `(${args.join(` ${sign} `)})`;
  return `${e.call}(${args.join(", ")})`;
}
