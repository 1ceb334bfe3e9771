/** @file Blocks of one WebAssembly memory. In: sizes in bytes. Out: addresses. Never moves a block; views of
 *  the memory end when it grows, so `floats` is asked for again each time. */
import { DeviceError } from "../device.ts";
import { MAX_PAGES } from "./encoder.ts";

export interface Heap {
  readonly memory: WebAssembly.Memory;
  /** Address of `bytes` bytes, a multiple of 64; throws DeviceError where the memory cannot hold them. */
  allocate(bytes: number): number;
  free(address: number): void;
  /** Bytes of all blocks, what rounds them up included. */
  taken(): number;
  floats(address: number, count: number): Float32Array;
  words(address: number, count: number): Int32Array;
}

const PAGE = 65536;
const LINE = 64;
/** Of a shared memory: 64 MB. */
const LEAST_PAGES = 1024;
/** A vector may be read whose last lanes lie past its buffer. */
const SLACK = 64;

/** `shared`: for threads. */
export function createHeap(shared: boolean = false): Heap {
  const { memory, limit } = shared ? sharedMemory(MAX_PAGES) : ownMemory();
  const taken = new Map<number, number>();
  /** Gaps between blocks, by address. */
  let gaps: { at: number; bytes: number }[] = [{ at: LINE, bytes: limit - LINE }];
  const ensure = (end: number): void => {
    const pages = Math.ceil(end / PAGE) - memory.buffer.byteLength / PAGE;
    if (pages <= 0) return;
    try {
      memory.grow(pages);
    } catch {
      throw new DeviceError(`there is no memory for ${Math.ceil(end / 2 ** 20)} MB`);
    }
  };
  return {
    memory,
    allocate: (bytes) => {
      const size = Math.ceil((bytes + SLACK) / LINE) * LINE;
      const gap = gaps.find((g) => g.bytes >= size);
      if (gap === undefined)
        throw new DeviceError(
          `${Math.ceil(size / 2 ** 20)} MB are more than WebAssembly can address`,
        );
      const { at } = gap;
      ensure(at + size);
      gap.at += size;
      gap.bytes -= size;
      if (gap.bytes === 0) gaps = gaps.filter((g) => g !== gap);
      taken.set(at, size);
      return at;
    },
    free: (address) => {
      const bytes = taken.get(address);
      if (bytes === undefined) return;
      taken.delete(address);
      const sorted = [...gaps, { at: address, bytes }].sort((a, b) => a.at - b.at);
      gaps = [];
      for (const gap of sorted) {
        const last = gaps[gaps.length - 1];
        if (last !== undefined && last.at + last.bytes === gap.at) last.bytes += gap.bytes;
        else gaps.push(gap);
      }
    },
    taken: () => [...taken.values()].reduce((sum, bytes) => sum + bytes, 0),
    floats: (address, count) => new Float32Array(memory.buffer, address, count),
    words: (address, count) => new Int32Array(memory.buffer, address, count),
  };
}

function ownMemory(): { readonly memory: WebAssembly.Memory; readonly limit: number } {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES });
  return { memory, limit: MAX_PAGES * PAGE };
}

/** Engines set aside addresses for all that a shared memory may grow to; some have less than the most. */
function sharedMemory(pages: number): ReturnType<typeof ownMemory> {
  try {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: pages, shared: true });
    return { memory, limit: pages * PAGE };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    if (pages < LEAST_PAGES) throw new DeviceError("there is no memory that threads can share");
    return sharedMemory(Math.floor(pages / 2));
  }
}
