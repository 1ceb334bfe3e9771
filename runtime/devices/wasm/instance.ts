/** @file A program in a memory: its code, its frame, what `prepare` fills. In: code, a heap. Out: calls by
 *  sizes. Never reads a store: addresses of inputs and outputs are given. */
import type { Program } from "../../artifact/kernel.ts";
import { DeviceError, type Sizes } from "../device.ts";
import type { Heap } from "./heap.ts";
import { type Layout, layoutOf } from "./layout.ts";
import type { ProgramCode } from "./program-code.ts";

export interface Compiled {
  readonly program: Program;
  readonly code: ProgramCode;
  readonly module: WebAssembly.Module;
}

export interface Instance {
  layout(sizes: Sizes): Layout;
  /** Writes sizes and addresses; `arena` is where the layout's arena starts. */
  place(sizes: Sizes, arena: number, named: ReadonlyMap<number, number>): void;
  /** Whether the buffer's memory is given by name, as `place` takes it. */
  isStored(buffer: number): boolean;
  /** Where the buffer lay in the last run. */
  addressOf(buffer: number): number;
  prepare(): void;
  run(): void;
}

/** Layouts kept by sizes. */
const LAYOUTS = 32;

export function instantiate({ code, module }: Compiled, heap: Heap): Instance {
  const instance = new WebAssembly.Instance(module, { env: { memory: heap.memory } });
  const [prepare, run] = ["prepare", "run"].map((name) => instance.exports[name]);
  if (typeof prepare !== "function" || typeof run !== "function")
    throw new DeviceError("the program's module lacks its functions");
  const { storage, symbols, frame } = code;
  const kept = new Map<number, number>();
  const layouts = new Map<string, Layout>();
  const at = heap.allocate(4 * frame.words);
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
  return {
    layout,
    place: (sizes, arena, named) => {
      const { bytes, offsets } = layout(sizes);
      for (const [id, { place }] of storage.entries())
        if (place.kind === "kept" && !kept.has(id)) kept.set(id, heap.allocate(bytes[id]!));
      const words = heap.words(at, frame.words);
      for (const symbol of symbols) words[frame.size(symbol) / 4] = sizes[symbol]!;
      for (const id of storage.keys()) {
        const offset = offsets[id];
        const address =
          named.get(id) ?? kept.get(id) ?? (offset === null ? 0 : arena + (offset ?? 0));
        words[frame.address(id) / 4] = address;
        words[frame.length(id) / 4] = bytes[id]!;
      }
    },
    isStored: (buffer) => storage[buffer]!.place.kind === "store",
    addressOf: (buffer) => heap.words(at, frame.words)[frame.address(buffer) / 4]!,
    prepare: () => {
      prepare(at);
    },
    run: () => {
      run(at);
    },
  };
}
