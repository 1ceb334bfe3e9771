/** @file A session in one memory: tensors by name, programs compiled at their first run. In: an artifact.
 *  Out: a Session. Never copies a tensor between programs; never runs two at once. */
import type { Artifact, Programs } from "../../artifact/artifact.ts";
import { elements, sameShape, shapeOf } from "../../artifact/extent.ts";
import type { Program } from "../../artifact/kernel.ts";
import { type BackendReport, DeviceError, type Session, type Sizes } from "../device.ts";
import { createHeap } from "./heap.ts";
import { type Compiled, type Instance, instantiate } from "./instance.ts";
import { programCode } from "./program-code.ts";
import { createStepper } from "./stepper.ts";

interface Stored {
  readonly address: number;
  readonly shape: readonly number[];
}

interface Ready {
  readonly instance: Instance;
  preparedAt: number;
}

export function createSession(artifact: Artifact, fused: boolean): Session {
  const heap = createHeap();
  const store = new Map<string, Stored>();
  const compiled = new Map<keyof Programs, Compiled>();
  const ready = new Map<keyof Programs, Ready>();
  let arena = { address: 0, bytes: 0 };
  let parameters = 0;
  let closed = false;
  let last: Promise<unknown> = Promise.resolve();

  const alive = (): void => {
    if (closed) throw new DeviceError("the session is closed");
  };
  const programOf = (name: keyof Programs): Program => {
    const program = artifact.programs[name];
    if (program === null) throw new DeviceError(`${artifact.entry.name} has no program ${name}`);
    return program;
  };
  const compile = (name: keyof Programs): Compiled => {
    const known = compiled.get(name);
    if (known !== undefined) return known;
    const program = programOf(name);
    const code = programCode(program, fused);
    const made = { program, code, module: new WebAssembly.Module(code.bytes) };
    compiled.set(name, made);
    return made;
  };
  const readyFor = (name: keyof Programs): Ready => {
    const known = ready.get(name);
    if (known !== undefined) return known;
    const made = { instance: instantiate(compile(name), heap), preparedAt: -1 };
    ready.set(name, made);
    return made;
  };
  const fetch = (name: string, program: string, shape: readonly number[]): Stored => {
    const stored = store.get(name);
    if (stored === undefined)
      throw new DeviceError(`${program} needs ${name}, which is not in the store`);
    if (!sameShape(stored.shape, shape))
      throw new DeviceError(
        `${program} needs ${name} as [${shape}], but [${stored.shape}] is in the store`,
      );
    return stored;
  };
  const put = (name: string, address: number, shape: readonly number[]): void => {
    const old = store.get(name);
    store.set(name, { address, shape });
    if (old !== undefined) heap.free(old.address);
    if (name.startsWith("param:")) parameters += 1;
  };
  const arenaOf = (bytes: number): number => {
    if (arena.bytes < bytes) {
      if (arena.bytes > 0) heap.free(arena.address);
      arena = { address: 0, bytes: 0 };
      arena = { address: heap.allocate(bytes), bytes };
    }
    return arena.address;
  };

  const run = (name: keyof Programs, sizes: Sizes): void => {
    alive();
    const program = programOf(name);
    checkSizes(program, name, sizes);
    const shape = (id: number) => shapeOf(program.buffers[id]!.shape, sizes);
    const named = new Map<number, number>();
    for (const { name: input, buffer } of program.inputs)
      named.set(buffer, fetch(input, name, shape(buffer)).address);
    const entry = readyFor(name);
    const { bytes, arena: needed } = entry.instance.layout(sizes);
    const base = arenaOf(needed);
    // An output of its own gets a block; one that is an input, or named before, is copied after the run.
    const outputs = program.outputs.map(({ name: output, buffer }) => {
      const own = !named.has(buffer) && entry.instance.isStored(buffer);
      const address = heap.allocate(bytes[buffer]!);
      if (own) named.set(buffer, address);
      return { output, buffer, address, own };
    });
    entry.instance.place(sizes, base, named);
    if (entry.preparedAt !== parameters) entry.instance.prepare();
    entry.preparedAt = parameters;
    entry.instance.run();
    for (const { buffer, address, own } of outputs) {
      if (own) continue;
      const count = bytes[buffer]! / 4;
      heap.floats(address, count).set(heap.floats(entry.instance.addressOf(buffer), count));
    }
    for (const { output, buffer, address } of outputs) put(output, address, shape(buffer));
  };

  const inTurn = <R>(job: () => R): Promise<R> => {
    const turn = last.then(job);
    last = turn.catch(() => undefined);
    return turn;
  };
  const report: BackendReport = {
    backend: "wasm",
    precision: "f32",
    executor: fused ? "relaxed-simd" : "simd",
    adapter: null,
  };
  return {
    report: () => report,
    write: (name, data, shape) => {
      alive();
      const count = elements(shape);
      if (data.length !== count)
        throw new DeviceError(`${name}: ${data.length} numbers do not make shape [${shape}]`);
      const old = store.get(name);
      const fits = old !== undefined && sameShape(old.shape, shape);
      const address = fits ? old.address : heap.allocate(4 * count);
      heap.floats(address, count).set(data);
      if (!fits) put(name, address, [...shape]);
      else if (name.startsWith("param:")) parameters += 1;
    },
    read: (name) =>
      inTurn(() => {
        alive();
        const stored = store.get(name);
        if (stored === undefined) throw new DeviceError(`nothing is stored as ${name}`);
        return heap.floats(stored.address, elements(stored.shape)).slice();
      }),
    run: (name, sizes) => inTurn(() => run(name, sizes)),
    stepper: (batch) => {
      alive();
      const program = artifact.programs.step;
      if (program === null) return null;
      checkSizes(program, "step", { B: batch });
      return createStepper(compile("step"), batch, {
        version: () => {
          alive();
          return parameters;
        },
        read: (name, shape) => {
          alive();
          const { address } = fetch(name, "step", shape);
          return heap.floats(address, elements(shape));
        },
      });
    },
    close: () => {
      closed = true;
      store.clear();
      ready.clear();
      compiled.clear();
    },
  };
}

function checkSizes(program: Program, name: string, sizes: Sizes): void {
  const extents = program.buffers.flatMap((b) => b.shape);
  const loops = program.stages.flatMap((s) => (s.kind === "scan" ? [s.over] : []));
  for (const extent of [...extents, ...loops])
    if (typeof extent === "string" && sizes[extent] === undefined)
      throw new DeviceError(`${name}: size ${extent} is needed and was not given`);
}
