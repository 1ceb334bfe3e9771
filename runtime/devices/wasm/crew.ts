/** @file The threads of a session. In: a memory, a number of threads. Out: runs of programs by all of them.
 *  Never spins while idle; never blocks where that is forbidden, as in a page: there workers do it all. */
import { DeviceError } from "../device.ts";
import type { Heap } from "./heap.ts";
import { LISTEN, type Message, ORDER, ORDER_WORDS, startWorker, type Told } from "./worker.ts";

export interface Crew {
  readonly threads: number;
  /** Makes the program known to every thread. */
  learn(program: number, module: WebAssembly.Module): Promise<void>;
  /** All threads run the program, each on its frame; `first` is what thread 0 does where it is this one. */
  run(order: Order, first: () => void): Promise<void>;
  close(): void;
}

export interface Order {
  readonly program: number;
  readonly prepare: boolean;
  readonly frames: readonly number[];
  /** Address of the words where the program's threads meet. */
  readonly meeting: number;
}

/** Workers start with the first program that they learn. */
export function createCrew(heap: Heap, threads: number): Crew {
  const orders = heap.allocate(4 * ORDER_WORDS);
  const words = heap.words(orders, ORDER_WORDS);
  words.fill(0);
  const joins = mayBlock();
  const first = joins ? 1 : 0;
  const workers = Array.from({ length: threads - first }, startWorker);
  let known = false;

  const next = (): void => {
    Atomics.add(words, ORDER.turn, 1);
    if (Atomics.load(words, ORDER.asleep) > 0) Atomics.notify(words, ORDER.turn);
  };
  let ended = false;
  const alive = (): void => {
    if (ended) throw new DeviceError("the threads have ended");
  };
  const close = (): void => {
    ended = true;
    for (const worker of workers) worker.end();
  };
  return {
    threads,
    learn: async (program, module) => {
      alive();
      words[ORDER.program] = LISTEN;
      next();
      for (const [i, worker] of workers.entries()) {
        const start = known
          ? {}
          : { memory: heap.memory, orders, part: first + i, tells: !joins && i === 0 };
        const message: Message = { ...start, program, module };
        worker.post(message);
      }
      known = true;
      await Promise.all(workers.map((w) => answered(w.answer(), "ready")));
    },
    run: async ({ program, prepare, frames, meeting }, part) => {
      alive();
      words[ORDER.program] = program;
      words[ORDER.prepare] = prepare ? 1 : 0;
      words[ORDER.meeting] = meeting;
      words.set(frames, ORDER.frames);
      next();
      try {
        if (joins) part();
        else await answered(workers[0]!.answer(), "done");
      } catch (error) {
        close();
        if (error instanceof DeviceError) throw error;
        throw new DeviceError(`a thread failed: ${String(error)}`, { cause: error });
      }
    },
    close,
  };
}

async function answered(answer: Promise<Told>, wanted: Told): Promise<void> {
  const got = await answer;
  if (got !== wanted) throw new Error(`a thread says ${got}, not ${wanted}`);
}

/** Whether this thread may wait; that of a page may not. */
function mayBlock(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}
