/** @file Buffers of a program. In: what is stored, by a key. Out: the buffers that are used, numbered
 *  in the order a program first names them. Never shares one buffer between two values. */
import type {
  Buffer,
  BufferId,
  Expr,
  Kernel,
  Program,
  Stage,
} from "../../runtime/artifact/kernel.ts";
import { invariant } from "../ir/invariant.ts";
import type { Node } from "../ir/ir.ts";

export interface Buffers {
  /** The buffer kept under `key`; made for values of the node's type when first asked for. */
  of(key: string, node: Node, label: () => string): BufferId;
  /** The program with only the buffers it names. */
  compact(program: Omit<Program, "buffers">): Program;
}

export function createBuffers(): Buffers {
  const byKey = new Map<string, BufferId>();
  const all: Buffer[] = [];
  return {
    of(key, { type }, label) {
      const known = byKey.get(key);
      if (known !== undefined) return known;
      const shape = [
        ...(type.seq === null ? [] : [type.seq]),
        ...(type.batch ? ["B"] : []),
        ...type.shape,
      ];
      const id = all.push({ shape, dtype: type.dtype, label: label() }) - 1;
      byKey.set(key, id);
      return id;
    },
    compact(program) {
      const order = new Map<BufferId, BufferId>();
      const id = (old: BufferId): BufferId => {
        const known = order.get(old);
        if (known !== undefined) return known;
        order.set(old, order.size);
        return order.size - 1;
      };
      const named = (list: Program["inputs"]) =>
        list.map(({ name, buffer }) => ({ name, buffer: id(buffer) }));
      const inputs = named(program.inputs);
      const prepare = program.prepare.map((s) => renumbered(s, id));
      const stages = program.stages.map((s) => renumbered(s, id));
      const outputs = named(program.outputs);
      const buffers = [...order.keys()].map((old) => {
        const buffer = all[old];
        invariant(buffer !== undefined, `no buffer ${old}`);
        return buffer;
      });
      return { buffers, inputs, outputs, prepare, stages };
    },
  };
}

function renumbered(stage: Stage, id: (old: BufferId) => BufferId): Stage {
  if (stage.kind === "kernel") return { kind: "kernel", kernel: kernel(stage.kernel, id) };
  return {
    kind: "scan",
    over: stage.over,
    reverse: stage.reverse,
    carries: stage.carries.map((c) => ({
      local: id(c.local),
      init: id(c.init),
      next: id(c.next),
      final: c.final === null ? null : id(c.final),
    })),
    slices: stage.slices.map((s) => ({ local: id(s.local), of: id(s.of) })),
    collects: stage.collects.map((c) => ({ from: id(c.from), into: id(c.into) })),
    sums: stage.sums.map((s) => ({ from: id(s.from), into: id(s.into) })),
    kernels: stage.kernels.map((k) => kernel(k, id)),
  };
}

function kernel(k: Kernel, id: (old: BufferId) => BufferId): Kernel {
  const known = new Map<Expr, Expr>();
  const expr = (e: Expr): Expr => {
    const done = known.get(e);
    if (done !== undefined) return done;
    const made = renamed(e);
    known.set(e, made);
    return made;
  };
  const renamed = (e: Expr): Expr => {
    if ("load" in e) return { load: id(e.load), at: e.at.map(expr) };
    return "call" in e ? { call: e.call, args: e.args.map(expr) } : e;
  };
  return {
    out: id(k.out),
    axes: k.axes,
    reductions: k.reductions.map((r) => ({ ...r, of: expr(r.of) })),
    value: expr(k.value),
    places: k.places,
  };
}
