/** @file A session in one memory: tensors by name, programs compiled at their first run. In: an artifact.
 *  Out: a Session. Never copies a tensor between programs; never runs two at once. Threads are started, and
 *  a memory that they share, when a run is worth them. */
import type { Artifact, Programs } from "../../artifact/artifact.ts";
import { elements, sameShape, shapeOf } from "../../artifact/extent.ts";
import type { Program } from "../../artifact/kernel.ts";
import { DeviceError, noThreads, type Session, type Sizes, type Threads } from "../device.ts";
import { swapLeading } from "../swap.ts";
import { coresHere, MOST_THREADS, whyAlone } from "./cores.ts";
import type { Crew } from "./crew.ts";
import { createHeap, type Heap } from "./heap.ts";
import { type Compiled, type Instance, instantiate } from "./instance.ts";
import { alone, type Plan, planOf, type Worth, WORTH } from "./plan.ts";
import { programCode, serves } from "./program-code.ts";
import { createStepper } from "./stepper.ts";
import { TILES, type TileSize } from "./tiles.ts";

interface Stored {
  readonly address: number;
  readonly shape: readonly number[];
}

interface Ready {
  readonly compiled: Compiled;
  readonly instance: Instance;
  preparedAt: number;
  /** Among the programs that the threads know. */
  number: number | null;
  /** What the instance's frames say. */
  placed: Placed | null;
}

/** A program at sizes: what it takes and gives. */
interface Sizing {
  readonly inputs: readonly Sized[];
  /** `read`: the program takes what is stored under the name. */
  readonly outputs: readonly (Sized & { readonly read: boolean })[];
  /** What threads do; what one does alone. */
  readonly plan: Plan;
  readonly alone: Plan;
  /** Whose code is known to serve these sizes. */
  served: Ready | null;
}

interface Sized {
  readonly name: string;
  readonly buffer: number;
  readonly shape: readonly number[];
}

interface Placed {
  readonly size: Sizing;
  readonly base: number;
  readonly chosen: Plan;
  /** Addresses by buffer. */
  readonly named: ReadonlyMap<number, number>;
}

export interface SessionOptions {
  readonly fused: boolean;
  readonly tiles: TileSize;
  /** As in Target. */
  readonly inlines?: number;
  /** "auto": as many as there are cores, up to AUTO_THREADS, where a run is worth it. */
  readonly threads: Threads;
  readonly worth?: Worth;
}

/** Sizes that are kept, over all programs. */
const SIZINGS = 64;

/** Threads that `auto` takes at most: beyond, memory is what bounds. */
const AUTO_THREADS = 8;

export function createSession(artifact: Artifact, options: SessionOptions): Session {
  const { fused, tiles, threads, inlines = TILES.inlines } = options;
  const worth = threads === "auto" ? WORTH : { ...WORTH, program: 0 };
  if (threads !== "auto" && !(Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS))
    throw noThreads(threads, `the number is a whole one from 1 to ${MOST_THREADS}`);
  let lonely = whyAlone();
  let most = threads === "auto" ? Math.min(coresHere(), AUTO_THREADS) : threads;
  if (lonely !== null && most > 1) {
    if (threads !== "auto") throw noThreads(threads, lonely);
    most = 1;
  } else lonely = null;
  const least = options.worth ?? worth;
  let heap: Heap = createHeap();
  let crew: Crew | null = null;
  let used = 1;
  const store = new Map<string, Stored>();
  const compiled = new Map<string, Compiled>();
  const ready = new Map<keyof Programs, Ready>();
  const sizings = new Map<string, Sizing>();
  let arena = { address: 0, bytes: 0 };
  let parameters = 0;
  let learned = 0;
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
  /** Code for products of as many rows, or as few, as these sizes have; where both have been asked for, for any. */
  const compile = (name: keyof Programs, shared: boolean, sizes: Sizes): Compiled => {
    const key = `${name} ${shared}`;
    const known = compiled.get(key);
    if (known !== undefined && serves(known.code, sizes)) return known;
    const program = programOf(name);
    const target = { fused, tiles, inlines, shared };
    const code = programCode(program, target, known === undefined ? sizes : null);
    const made = { program, code, module: new WebAssembly.Module(code.bytes) };
    compiled.set(key, made);
    return made;
  };
  const sizing = (name: keyof Programs, program: Program, sizes: Sizes): Sizing => {
    let key: string = name;
    for (const symbol in sizes) key += ` ${symbol} ${sizes[symbol]}`;
    const known = sizings.get(key);
    if (known !== undefined) return known;
    checkSizes(program, name, sizes);
    const taken = new Set(program.inputs.map((i) => i.name));
    const sized = (entry: { readonly name: string; readonly buffer: number }): Sized => ({
      ...entry,
      shape: shapeOf(program.buffers[entry.buffer]!.shape, sizes),
    });
    const made = {
      inputs: program.inputs.map(sized),
      outputs: program.outputs.map((o) => ({ ...sized(o), read: taken.has(o.name) })),
      plan: planOf(program, sizes, most, least),
      alone: alone(program),
      served: null,
    };
    const oldest = sizings.keys().next().value;
    if (sizings.size >= SIZINGS && oldest !== undefined) sizings.delete(oldest);
    sizings.set(key, made);
    return made;
  };
  const readyFor = (name: keyof Programs, size: Sizing, sizes: Sizes): Ready => {
    const known = ready.get(name);
    if (known !== undefined && known === size.served) return known;
    const code = compile(name, crew !== null, sizes);
    if (known?.compiled === code) {
      size.served = known;
      return known;
    }
    known?.instance.release();
    const made = {
      compiled: code,
      instance: instantiate(code, heap),
      preparedAt: -1,
      number: null,
      placed: null,
    };
    ready.set(name, made);
    size.served = made;
    return made;
  };
  /** Moves all that is stored to a memory that threads share, and starts them. */
  const enlist = async (): Promise<Crew> => {
    const { createCrew } = await import("./crew.ts");
    alive();
    const shared = createHeap(true);
    const started = createCrew(shared, most);
    for (const [name, { address, shape }] of store) {
      const count = elements(shape);
      const at = shared.allocate(4 * count);
      shared.floats(at, count).set(heap.floats(address, count));
      store.set(name, { address: at, shape });
    }
    heap = shared;
    arena = { address: 0, bytes: 0 };
    ready.clear();
    return started;
  };
  /** Every thread knows the program; false where `auto` finds that there can be no threads. */
  const gather = async (name: keyof Programs, size: Sizing, sizes: Sizes): Promise<boolean> => {
    try {
      crew ??= await enlist();
      const entry = readyFor(name, size, sizes);
      if (entry.number !== null) return true;
      await crew.learn(learned, entry.compiled.module);
      entry.number = learned;
      learned += 1;
      return true;
    } catch (error) {
      if (threads !== "auto" || !(error instanceof DeviceError)) throw error;
      lonely = error.message;
      most = 1;
      crew?.close();
      return false;
    }
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

  const run = async (name: keyof Programs, sizes: Sizes): Promise<void> => {
    alive();
    const program = programOf(name);
    const size = sizing(name, program, sizes);
    const isDealt = most > 1 && size.plan.threads > 1 && (await gather(name, size, sizes));
    alive();
    const chosen = isDealt ? size.plan : size.alone;
    const entry = readyFor(name, size, sizes);
    const { bytes, arena: needed } = entry.instance.layout(sizes);
    const base = arenaOf(needed);
    const named = new Map<number, number>();
    for (const { name: input, buffer, shape } of size.inputs)
      named.set(buffer, fetch(input, name, shape).address);
    // An output of its own gets a block, the one it has where nothing reads that; one that is an input, or
    // named before, is copied after the run.
    const outputs = size.outputs.map(({ name: output, buffer, shape, read }) => {
      const own = !named.has(buffer) && entry.instance.isStored(buffer);
      const old = read ? undefined : store.get(output);
      const stays = old !== undefined && sameShape(old.shape, shape);
      const address = stays ? old.address : heap.allocate(bytes[buffer]!);
      if (own) named.set(buffer, address);
      return { output, buffer, shape, address, own, stays };
    });
    if (!isPlaced(entry.placed, { size, base, chosen, named })) {
      entry.instance.place(sizes, base, named, chosen);
      entry.placed = { size, base, chosen, named };
    }
    const prepare = entry.preparedAt !== parameters;
    entry.preparedAt = parameters;
    const first = (): void => {
      if (prepare) entry.instance.prepare();
      entry.instance.run();
    };
    if (isDealt && crew !== null) {
      const { begin, frames, meeting } = entry.instance;
      begin();
      await crew.run({ program: entry.number!, prepare, frames: frames(), meeting }, first);
    } else first();
    used = Math.max(used, chosen.threads);
    for (const { buffer, address, own } of outputs) {
      if (own) continue;
      const count = bytes[buffer]! / 4;
      heap.floats(address, count).set(heap.floats(entry.instance.addressOf(buffer), count));
    }
    for (const { output, address, shape, stays } of outputs) {
      if (!stays) put(output, address, shape);
      else if (output.startsWith("param:")) parameters += 1;
    }
  };

  const inTurn = <R>(job: () => R | Promise<R>): Promise<R> => {
    const turn = last.then(job);
    last = turn.catch(() => undefined);
    return turn;
  };
  const simd = fused ? "relaxed-simd" : "simd";
  return {
    report: () => ({
      backend: "wasm",
      precision: "f32",
      executor: lonely === null ? simd : `${simd}, one thread: ${lonely}`,
      adapter: null,
      threads: used,
      vectors: tiles === "wide" ? 256 : 128,
    }),
    write: (name, data, shape, samplesFirst = false) => {
      alive();
      const count = elements(shape);
      if (data.length !== count)
        throw new DeviceError(`${name}: ${data.length} numbers do not make shape [${shape}]`);
      const old = store.get(name);
      const fits = old !== undefined && sameShape(old.shape, shape);
      const address = fits ? old.address : heap.allocate(4 * count);
      const into = heap.floats(address, count);
      if (samplesFirst) swapLeading(data, shape[1]!, shape[0]!, into);
      else into.set(data);
      if (!fits) put(name, address, [...shape]);
      else if (name.startsWith("param:")) parameters += 1;
    },
    read: (name, samplesFirst = false) =>
      inTurn(() => {
        alive();
        const stored = store.get(name);
        if (stored === undefined) throw new DeviceError(`nothing is stored as ${name}`);
        const data = heap.floats(stored.address, elements(stored.shape));
        const [steps, samples] = stored.shape as readonly [number, number];
        return samplesFirst
          ? swapLeading(data, steps, samples, new Float32Array(data.length))
          : data.slice();
      }),
    run: (name, sizes) => inTurn(() => run(name, sizes)),
    stepper: (batch) => {
      alive();
      const program = artifact.programs.step;
      if (program === null) return null;
      checkSizes(program, "step", { B: batch });
      return createStepper(compile("step", false, { B: batch }), batch, {
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
    bytes: () => {
      alive();
      return heap.taken();
    },
    close: () => {
      closed = true;
      crew?.close();
      store.clear();
      ready.clear();
      compiled.clear();
    },
  };
}

function isPlaced(last: Placed | null, next: Placed): boolean {
  if (last === null || last.size !== next.size || last.base !== next.base) return false;
  if (last.chosen !== next.chosen || last.named.size !== next.named.size) return false;
  for (const [buffer, address] of next.named) if (last.named.get(buffer) !== address) return false;
  return true;
}

function checkSizes(program: Program, name: string, sizes: Sizes): void {
  const extents = program.buffers.flatMap((b) => b.shape);
  const loops = program.stages.flatMap((s) => (s.kind === "scan" ? [s.over] : []));
  for (const extent of [...extents, ...loops])
    if (typeof extent === "string" && sizes[extent] === undefined)
      throw new DeviceError(`${name}: size ${extent} is needed and was not given`);
}
