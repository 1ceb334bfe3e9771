/** @file Kernel → the text of a gpu.js kernel function. In: a kernel, its buffers' extents, sizes. Out:
 *  source, the buffers it takes and how its output lies. Never puts a string of the artifact in the
 *  text: the vocabulary is closed, names are counters, sizes are literals. */
import { extentOf } from "../../artifact/extent.ts";
import type { BufferId, Kernel } from "../../artifact/kernel.ts";
import type { Sizes } from "../device.ts";
import { code, type Code, commas, name, whole } from "./code.ts";
import { expressions, type Place } from "./expressions.ts";
import { blocking, type Blocking } from "./blocking.ts";
import type { Dialect } from "./functions.ts";
import { asAtom, fixed, plus, running, times, type Whole } from "./indices.ts";
import { type Fits, type Layout, layoutOf } from "./layout.ts";
import { createWriter, literal, type Writer } from "./writer.ts";

/** What a device prints for. */
export interface Target {
  readonly dialect: Dialect;
  readonly fits: Fits;
  /** Four rows of the output a thread, returned together: pays where results are read at once. */
  readonly blocked: boolean;
}

/** A buffer that stands for row t of another: loads of `local` become loads of `of` at the step. */
export interface Slice {
  readonly local: BufferId;
  readonly of: BufferId;
}

export interface Printed {
  readonly text: Code;
  /** Arguments in order, each once; buffers bound as slices appear as what they are rows of. */
  readonly inputs: readonly BufferId[];
  /** Whether the last argument is the step, a whole number. */
  readonly stepped: boolean;
  /** gpu.js output, [x, y?, z?]. */
  readonly output: readonly number[];
  readonly blocking: Blocking | null;
}

export function print(
  kernel: Kernel,
  extents: (buffer: BufferId) => readonly number[],
  sizes: Sizes,
  target: Target,
  slices: readonly Slice[] = [],
): Printed {
  const w = createWriter();
  const axes = kernel.axes.map((extent) => extentOf(extent, sizes));
  const rows = target.blocked ? blocking(kernel, axes, sizes) : null;
  const grid = rows === null ? axes : axes.with(rows.axis, rows.groups);
  const layout = layoutOf(grid, target.fits);
  const threads = threadVariables(layout, grid, w);
  const inputs: BufferId[] = [];
  let stepped = false;

  const place: Place = {
    argument: (buffer) => {
      const slice = slices.find((s) => s.local === buffer);
      const source = slice?.of ?? buffer;
      if (!inputs.includes(source)) inputs.push(source);
      if (slice !== undefined) stepped = true;
      const shape = extents(source);
      return {
        name: name("a", inputs.indexOf(source)),
        extents: shape,
        layout: layoutOf(shape, target.fits),
        step: slice === undefined ? null : running({ code: code`t`, depth: 0 }),
      };
    },
    sizes,
    dialect: target.dialect,
  };

  const values = expressions(kernel, place, w, lanes(threads, rows, axes, w));
  const text = signature(
    w,
    values.map((v) => w.is`${v}`.code),
  );
  const parameters = inputs.map((_, i) => name("a", i));
  return {
    text: code`function (${commas(stepped ? [...parameters, code`t`] : parameters)}) {\n${text}\n}`,
    inputs,
    stepped,
    output: layout.dims,
    blocking: rows,
  };
}

function signature(w: Writer, values: readonly Code[]): Code {
  const result = values.length === 1 ? values[0]! : code`[${commas(values)}]`;
  return code`${w.text()}\nreturn ${result};`;
}

/** The kernel's variables a thread computes for: one, or four rows of the blocked axis. */
function lanes(
  threads: readonly Whole[],
  rows: Blocking | null,
  axes: readonly number[],
  w: Writer,
): readonly (readonly Whole[])[] {
  if (rows === null) return [threads];
  const last = axes[rows.axis]! - 1;
  return [0, 1, 2, 3].map((lane) => {
    const row = plus(times(threads[rows.axis]!, fixed(4)), fixed(lane));
    const inside = rows.ragged ? running(w.is`Math.min(${asAtom(row)}, ${literal(last)})`) : row;
    return threads.with(rows.axis, inside);
  });
}

/** Each axis from this.thread: alone on x, y or z, or taken apart by division where axes share one. */
function threadVariables(layout: Layout, extents: readonly number[], w: Writer): readonly Whole[] {
  const variables: Whole[] = extents.map(() => fixed(0));
  const threads = [code`this.thread.x`, code`this.thread.y`, code`this.thread.z`];
  for (const [dim, group] of layout.groups.entries()) {
    let rest: Whole = running({ code: threads[dim]!, depth: 0 });
    for (const axis of group.slice(1).reverse()) {
      const extent = { code: whole(extents[axis]!), depth: 0 };
      const above = w.is`Math.floor((${asAtom(rest)} + 0.5) / ${extent})`;
      variables[axis] = running(w.is`${asAtom(rest)} - ${above} * ${extent}`);
      rest = running(above);
    }
    const first = group[0];
    if (first !== undefined) variables[first] = rest;
  }
  return variables;
}
