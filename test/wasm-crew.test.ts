/** @file Threads of the wasm device by themselves: all of them run, meet, and none waits for one that failed. */
import { expect, test } from "vitest";
import { ATOMIC, createCode, OP } from "../runtime/devices/wasm/code.ts";
import { createCrew } from "../runtime/devices/wasm/crew.ts";
import { createModule, I32 } from "../runtime/devices/wasm/encoder.ts";
import { frameOf } from "../runtime/devices/wasm/frame.ts";
import { createHeap } from "../runtime/devices/wasm/heap.ts";
import { createLibrary } from "../runtime/devices/wasm/library.ts";
import { NAPS, ORDER, ORDER_WORDS } from "../runtime/devices/wasm/worker.ts";
import { MEETING } from "../runtime/devices/wasm/share-code.ts";

const FRAME = frameOf(["F"], 1, 0);
const THREADS = 3;

/** Every thread adds one to a word, meets the others, and adds what it then reads to a second; thread F traps. */
function meeting(): WebAssembly.Module {
  const module = createModule(true);
  const library = createLibrary(module, false);
  const code = createCode(1);
  const word = (offset: number): void => {
    code.get(0);
    code.loadI32(offset);
  };
  word(FRAME.part);
  word(FRAME.size("F"));
  code.op(OP.i32Eq);
  code.choose(null, () => code.op(OP.unreachable), null);
  word(FRAME.address(0));
  code.i32(1);
  code.atomic(ATOMIC.add, 0);
  code.op(OP.drop);
  code.get(0);
  code.call(library.meet(FRAME));
  word(FRAME.address(0));
  word(FRAME.address(0));
  code.atomic(ATOMIC.load, 0);
  code.atomic(ATOMIC.add, 64);
  code.op(OP.drop);
  code.get(0);
  code.call(library.meet(FRAME));
  const run = module.declare({ params: [I32], results: [] }, "run");
  module.define(run, code.body());
  module.exportAs("run", run);
  return new WebAssembly.Module(module.encode());
}

function opened() {
  const heap = createHeap(true);
  const taken: number[] = [];
  const allocate = (bytes: number): number => {
    taken.push(heap.allocate(bytes));
    return taken.at(-1)!;
  };
  const crew = createCrew({ ...heap, allocate }, THREADS);
  const orders = heap.words(taken[0]!, ORDER_WORDS);
  const module = meeting();
  const { run } = new WebAssembly.Instance(module, { env: { memory: heap.memory } }).exports;
  const place = heap.allocate(MEETING.bytes);
  const sums = heap.allocate(128);
  const frames = Array.from({ length: THREADS }, () => heap.allocate(4 * FRAME.words));
  const go = async (failing: number): Promise<void> => {
    heap.words(sums, 32).fill(0);
    for (const [part, at] of frames.entries()) {
      const words = heap.words(at, FRAME.words);
      words[FRAME.size("F") / 4] = failing;
      words[FRAME.address(0) / 4] = sums;
      words[FRAME.part / 4] = part;
      words[FRAME.parts / 4] = THREADS;
      words[FRAME.meeting / 4] = place;
    }
    const first = (): void => (run as (frame: number) => void)(frames[0]!);
    await crew.run({ program: 0, prepare: false, frames, meeting: place }, first);
  };
  return {
    crew,
    module,
    go,
    sum: () => heap.words(sums, 32)[16],
    asleep: () => Atomics.load(orders, ORDER.asleep),
  };
}

test("all threads run and wait for each other, many times", async () => {
  const { crew, module, go, sum } = opened();
  await crew.learn(0, module);
  for (let i = 0; i < 50; i++) {
    await go(-1);
    expect(sum()).toBe(THREADS * THREADS);
  }
  crew.close();
  await expect(go(-1)).rejects.toThrow("the threads have ended");
});

test("threads come back from naps, and from sleep", async () => {
  const { crew, module, go, sum } = opened();
  await crew.learn(0, module);
  for (const pause of [1, 30, NAPS.for + 300, 1, NAPS.for + 300]) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    await go(-1);
    expect(sum()).toBe(THREADS * THREADS);
  }
  crew.close();
});

test("threads that sleep say so, and only then are woken", async () => {
  const { crew, module, go, asleep } = opened();
  await crew.learn(0, module);
  await go(-1);
  expect(asleep()).toBe(0);
  await expect.poll(asleep, { timeout: 10 * NAPS.for }).toBe(THREADS - 1);
  await go(-1);
  await expect.poll(asleep).toBe(0);
  crew.close();
});

test.each([0, 1, 2])("none waits for thread %i, which fails", async (failing) => {
  const { crew, module, go } = opened();
  await crew.learn(0, module);
  await go(-1);
  await expect(go(failing)).rejects.toThrow(/a thread failed: .*unreachable/);
  await expect(go(-1)).rejects.toThrow("the threads have ended");
});
