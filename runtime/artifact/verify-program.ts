/** @file One program's names, shapes and data flow, after the schema. In: a program and its signature.
 *  Out: faults. Never stops at the first. */
import type { RuntimeCode } from "./codes.ts";
import { type Fault, fault } from "./fault.ts";
import type { BufferId, Extent, Program, ScanStage, Stage } from "./kernel.ts";
import { LIMITS } from "./limits.ts";
import type { Signature, Slot } from "./signature.ts";
import { sameExtents, verifyKernel } from "./verify-kernel.ts";

export function verifyProgram(
  program: Program,
  path: string,
  signature: Signature,
  symbols: ReadonlySet<string>,
  places: number,
): readonly Fault[] {
  const faults: Fault[] = [];
  const flow: Flow = {
    program,
    symbols,
    places,
    written: new Set(),
    ready: new Set(),
    fromParams: new Set(),
    faults,
    report: (code, at, message) => {
      faults.push(fault(code, `${path}${at}`, message));
    },
    path,
  };
  buffers(flow);
  inputs(flow, signature);
  for (const [i, stage] of program.prepare.entries())
    verifyStage(stage, `.prepare[${i}]`, flow, true);
  for (const [i, stage] of program.stages.entries())
    verifyStage(stage, `.stages[${i}]`, flow, false);
  outputs(flow, signature);
  return faults;
}

interface Flow {
  readonly program: Program;
  readonly symbols: ReadonlySet<string>;
  readonly places: number;
  /** Buffers that something writes, binds or provides: each once. */
  readonly written: Set<BufferId>;
  /** Buffers that may be read now. */
  readonly ready: Set<BufferId>;
  /** The ready buffers that depend on parameters only. */
  readonly fromParams: Set<BufferId>;
  readonly faults: Fault[];
  readonly report: (code: RuntimeCode, at: string, message: string) => void;
  readonly path: string;
}

function buffers({ program, symbols, report }: Flow): void {
  for (const [i, buffer] of program.buffers.entries()) {
    let elements = 1;
    for (const extent of buffer.shape) {
      if (typeof extent === "number") elements *= extent;
      else if (!symbols.has(extent))
        report("R108", `.buffers[${i}].shape`, `there is no size ${extent}`);
    }
    if (elements > LIMITS.elements)
      report(
        "R103",
        `.buffers[${i}].shape`,
        `${elements} elements; ${LIMITS.elements} is the most`,
      );
  }
}

function inputs(flow: Flow, { inputs: slots, scalars }: Signature): void {
  const seen = new Set<string>();
  for (const [i, { name, buffer }] of flow.program.inputs.entries()) {
    const at = `.inputs[${i}]`;
    const slot = slots.get(name) ?? (scalars.some((p) => name.startsWith(p)) ? SCALAR : undefined);
    if (slot === undefined) flow.report("R105", at, `this program does not read ${name}`);
    if (seen.has(name)) flow.report("R106", at, `${name} is read twice`);
    seen.add(name);
    if (slot !== undefined) fits(flow, at, name, buffer, slot);
    define(flow, at, buffer);
    flow.ready.add(buffer);
    if (name.startsWith("param:")) flow.fromParams.add(buffer);
  }
}

const SCALAR: Slot = { shape: [], dtype: "real" };

function outputs(flow: Flow, { outputs: slots }: Signature): void {
  const seen = new Set<string>();
  for (const [i, { name, buffer }] of flow.program.outputs.entries()) {
    const at = `.outputs[${i}]`;
    const slot = slots.get(name);
    if (slot === undefined) flow.report("R105", at, `this program does not write ${name}`);
    else fits(flow, at, name, buffer, slot);
    if (seen.has(name)) flow.report("R106", at, `${name} is written twice`);
    seen.add(name);
    read(flow, at, buffer, flow.ready);
  }
  for (const name of slots.keys())
    if (!seen.has(name)) flow.report("R105", ".outputs", `${name} is missing`);
}

function fits(flow: Flow, at: string, name: string, id: BufferId, slot: Slot): void {
  const buffer = flow.program.buffers[id];
  if (buffer === undefined) return;
  if (!sameExtents(buffer.shape, slot.shape))
    flow.report("R107", at, `${name} has shape [${slot.shape}], its buffer [${buffer.shape}]`);
  if (buffer.dtype !== slot.dtype)
    flow.report("R107", at, `${name} is ${slot.dtype}, its buffer ${buffer.dtype}`);
}

function verifyStage(stage: Stage, path: string, flow: Flow, prepare: boolean): void {
  const ready = prepare ? flow.fromParams : flow.ready;
  const written =
    stage.kind === "scan"
      ? verifyScan(stage, path, flow, ready)
      : [kernel(flow, stage.kernel, `${path}.kernel`, ready)];
  for (const id of written) {
    flow.ready.add(id);
    if (prepare) flow.fromParams.add(id);
  }
}

function kernel(
  flow: Flow,
  spec: Parameters<typeof verifyKernel>[0],
  path: string,
  readable: ReadonlySet<BufferId>,
): BufferId {
  const scope = {
    buffers: flow.program.buffers,
    symbols: flow.symbols,
    places: flow.places,
    readable: (id: BufferId) => readable.has(id),
  };
  flow.faults.push(...verifyKernel(spec, `${flow.path}${path}`, scope));
  define(flow, `${path}.out`, spec.out);
  return spec.out;
}

/** Returns what may be read after the scan. */
function verifyScan(
  scan: ScanStage,
  path: string,
  flow: Flow,
  ready: ReadonlySet<BufferId>,
): readonly BufferId[] {
  if (!flow.symbols.has(scan.over))
    flow.report("R108", `${path}.over`, `there is no size ${scan.over}`);
  const inside = new Set(ready);
  const after: BufferId[] = [];
  for (const [i, { local, init }] of scan.carries.entries()) {
    const at = `${path}.carries[${i}]`;
    read(flow, `${at}.init`, init, ready);
    same(flow, `${at}.init`, init, local, []);
    bind(flow, `${at}.local`, local, inside);
  }
  for (const [i, { local, of }] of scan.slices.entries()) {
    const at = `${path}.slices[${i}]`;
    read(flow, `${at}.of`, of, ready);
    same(flow, `${at}.of`, of, local, [scan.over]);
    bind(flow, `${at}.local`, local, inside);
  }
  for (const [i, body] of scan.kernels.entries())
    inside.add(kernel(flow, body, `${path}.kernels[${i}]`, inside));
  for (const [i, { local, next, final }] of scan.carries.entries()) {
    const at = `${path}.carries[${i}]`;
    read(flow, `${at}.next`, next, inside);
    same(flow, `${at}.next`, next, local, []);
    if (final === null) continue;
    same(flow, `${at}.final`, final, local, []);
    define(flow, `${at}.final`, final);
    after.push(final);
  }
  const stores = [
    ...scan.collects.map((c, i) => ({ ...c, at: `${path}.collects[${i}]`, outer: [scan.over] })),
    ...scan.sums.map((s, i) => ({ ...s, at: `${path}.sums[${i}]`, outer: [] })),
  ];
  for (const { from, into, at, outer } of stores) {
    read(flow, `${at}.from`, from, inside);
    same(flow, `${at}.into`, into, from, outer);
    define(flow, `${at}.into`, into);
    after.push(into);
  }
  return after;
}

function bind(flow: Flow, at: string, local: BufferId, inside: Set<BufferId>): void {
  define(flow, at, local);
  inside.add(local);
}

function define(flow: Flow, at: string, id: BufferId): void {
  if (flow.program.buffers[id] === undefined) flow.report("R105", at, `there is no buffer ${id}`);
  else if (flow.written.has(id)) flow.report("R106", at, `buffer ${id} is written already`);
  flow.written.add(id);
}

function read(flow: Flow, at: string, id: BufferId, readable: ReadonlySet<BufferId>): void {
  if (flow.program.buffers[id] === undefined) flow.report("R105", at, `there is no buffer ${id}`);
  else if (!readable.has(id))
    flow.report("R106", at, `buffer ${id} is read before it is written, or out of its step`);
}

/** `id` has the shape of `like` with `outer` before it, and its dtype. */
function same(
  flow: Flow,
  at: string,
  id: BufferId,
  like: BufferId,
  outer: readonly Extent[],
): void {
  const [a, b] = [flow.program.buffers[id], flow.program.buffers[like]];
  if (a === undefined || b === undefined) return;
  if (!sameExtents(a.shape, [...outer, ...b.shape]) || a.dtype !== b.dtype)
    flow.report(
      "R107",
      at,
      `buffer ${id} is ${a.dtype} [${a.shape}]; ${b.dtype} [${[...outer, ...b.shape]}] is needed`,
    );
}
