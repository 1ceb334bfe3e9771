/** @file A program in a memory: its code, a frame for each thread, what `prepare` fills. In: code, a heap.
 *  Out: calls by sizes. Never reads a store: addresses of inputs and outputs are given. */
import type { Program } from "../../artifact/kernel.ts";
import { DeviceError, type Sizes } from "../device.ts";
import type { Heap } from "./heap.ts";
import { type Layout, layoutOf } from "./layout.ts";
import { alone as alonePlan, type Plan, writePlan } from "./plan.ts";
import type { ProgramCode } from "./program-code.ts";
import { MEETING } from "./share-code.ts";

export interface Compiled {
  readonly program: Program;
  readonly code: ProgramCode;
  readonly module: WebAssembly.Module;
}

export interface Instance {
  layout(sizes: Sizes): Layout;
  /** Writes sizes, addresses and each thread's part; `arena` is where the layout's arena starts. */
  place(sizes: Sizes, arena: number, named: ReadonlyMap<number, number>, plan?: Plan): void;
  /** Whether the buffer's memory is given by name, as `place` takes it. */
  isStored(buffer: number): boolean;
  /** Where the buffer lay in the last run. */
  addressOf(buffer: number): number;
  /** Of the threads of the last plan. */
  frames(): readonly number[];
  /** Address of the words where threads meet. */
  readonly meeting: number;
  /** Takes back all claims: before threads run. */
  begin(): void;
  /** As thread 0. */
  prepare(): void;
  run(): void;
  /** Gives back the memory that it took; it is not used again. */
  release(): void;
}

/** Layouts kept by sizes. */
const LAYOUTS = 32;

export function instantiate({ code, module, program }: Compiled, heap: Heap): Instance {
  const instance = new WebAssembly.Instance(module, { env: { memory: heap.memory } });
  const [prepare, run] = ["prepare", "run"].map((name) => instance.exports[name]);
  if (typeof prepare !== "function" || typeof run !== "function")
    throw new DeviceError("the program's module lacks its functions");
  const { storage, symbols, frame } = code;
  const kept = new Map<number, number>();
  const layouts = new Map<string, Layout>();
  const first = heap.allocate(4 * frame.words);
  const others: number[] = [];
  const meeting = heap.allocate(code.meeting);
  heap.words(meeting, MEETING.bytes / 4).fill(0);
  let frames: readonly number[] = [first];
  const layout = (sizes: Sizes): Layout => {
    const key = symbols.map((s) => sizes[s]).join(" ");
    const known = layouts.get(key);
    if (known !== undefined) return known;
    const made = layoutOf(storage, sizes);
    const oldest = layouts.keys().next().value;
    if (layouts.size >= LAYOUTS && oldest !== undefined) layouts.delete(oldest);
    layouts.set(key, made);
    return made;
  };
  const alone = alonePlan(program);
  return {
    layout,
    place: (sizes, arena, named, plan = alone) => {
      const { bytes, offsets } = layout(sizes);
      for (const [id, { place }] of storage.entries())
        if (place.kind === "kept" && !kept.has(id)) kept.set(id, heap.allocate(bytes[id]!));
      while (others.length < plan.threads - 1) others.push(heap.allocate(4 * frame.words));
      frames = [first, ...others.slice(0, plan.threads - 1)];
      const words = heap.words(first, frame.words);
      for (const symbol of symbols) words[frame.size(symbol) / 4] = sizes[symbol]!;
      for (const id of storage.keys()) {
        const offset = offsets[id];
        const address =
          named.get(id) ?? kept.get(id) ?? (offset === null ? 0 : arena + (offset ?? 0));
        words[frame.address(id) / 4] = address;
        words[frame.length(id) / 4] = bytes[id]!;
      }
      for (const [part, at] of frames.entries()) {
        const own = heap.words(at, frame.words);
        if (part > 0) own.set(words);
        own[frame.meeting / 4] = meeting;
        writePlan(plan, part, frame, own);
      }
    },
    isStored: (buffer) => storage[buffer]!.place.kind === "store",
    addressOf: (buffer) => heap.words(first, frame.words)[frame.address(buffer) / 4]!,
    frames: () => frames,
    meeting,
    begin: () => {
      heap.words(meeting + MEETING.bytes, (code.meeting - MEETING.bytes) / 4).fill(0);
    },
    prepare: () => {
      prepare(first);
    },
    run: () => {
      run(first);
    },
    release: () => {
      for (const address of [first, ...others, meeting, ...kept.values()]) heap.free(address);
    },
  };
}
