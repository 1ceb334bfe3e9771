/** @file The threads beside the first, in Node and in browsers. In: messages. Out: workers that answer each
 *  message once. Never keeps a process alive but for an answer that is waited for. */
import { DeviceError } from "../device.ts";
import { MOST_THREADS } from "./cores.ts";
import { MEETING } from "./share-code.ts";

/**
 * Words that the first thread writes and workers read, by index, but for `asleep`: how many workers have to be woken;
 * then the frame of each thread.
 */
export const ORDER = { turn: 0, asleep: 1, program: 2, prepare: 3, meeting: 4, frames: 5 } as const;
/** Words of ORDER and frames. */
export const ORDER_WORDS = ORDER.frames + MOST_THREADS;
/** As a program's number: go back to waiting for messages. */
export const LISTEN = -1;

/** Programs are told by number; the first message brings the memory too. */
export interface Message {
  readonly memory?: WebAssembly.Memory;
  /** Address of the words of ORDER. */
  readonly orders?: number;
  /** The thread's number. */
  readonly part?: number;
  /** Whether it says when a run is done. */
  readonly tells?: boolean;
  readonly program: number;
  readonly module: WebAssembly.Module;
}

/** What a worker says: a message was taken in, a run is done, or why neither can be. */
export type Told = "ready" | "done";
type Answer = Told | { readonly error: string };

export interface Worker {
  post(message: Message): void;
  /** The next answer; rejects with a DeviceError where the worker cannot go on. */
  answer(): Promise<Told>;
  end(): void;
}

/**
 * Milliseconds for which a worker looks for the next run at most, and no longer than the last run took, or half of the one
 * before: a short run of an optimiser follows a long one, and the next long one it.
 */
const LOOKS = 2;
/**
 * Milliseconds after a run for which a worker then naps: it looks every 64th of the time that has passed, between these
 * bounds. A thread that is woken by another may be put on that one's core and be left there for a whole run, beside a core
 * that has nothing to do; one that its own clock wakes stays where it was.
 */
export const NAPS = { for: 1000, least: 0.1, most: 2, share: 64 };

/**
 * A text, so that whatever bundles the runtime need not know of a second file. It waits until the turn
 * changes: it looks, naps, and at last sleeps until it is woken; then it does its part of the program that was
 * asked for. One that fails says so where threads meet, so that none waits for it.
 */
const SOURCE = `"use strict";
const port = typeof postMessage === "function" ? globalThis : require("node:worker_threads").parentPort;
const programs = [];
let memory, words, part, tells, seen = 0;
const fail = (meeting) => {
  const meet = new Int32Array(memory.buffer, meeting, ${MEETING.bytes / 4});
  Atomics.store(meet, ${MEETING.failed / 4}, 1);
  Atomics.add(meet, ${MEETING.turn / 4}, 1);
};
const isSeen = () => Atomics.load(words, ${ORDER.turn}) === seen;
const rest = (looks) => {
  const start = performance.now();
  for (let idle = 0; isSeen(); idle = performance.now() - start) {
    if (idle < looks) for (let i = 0; i < 1000 && isSeen(); i++);
    else if (idle < ${NAPS.for})
      Atomics.wait(words, ${ORDER.turn}, seen, Math.min(${NAPS.most}, Math.max(${NAPS.least}, idle / ${NAPS.share})));
    else {
      Atomics.add(words, ${ORDER.asleep}, 1);
      Atomics.wait(words, ${ORDER.turn}, seen);
      Atomics.sub(words, ${ORDER.asleep}, 1);
    }
  }
};
const serve = () => {
  for (let last = 0; ; ) {
    rest(Math.min(last, ${LOOKS}));
    seen = Atomics.load(words, ${ORDER.turn});
    if (words[${ORDER.program}] < 0) return;
    try {
      const program = programs[words[${ORDER.program}]];
      const frame = words[${ORDER.frames} + part];
      const start = performance.now();
      if (words[${ORDER.prepare}] === 1) program.prepare(frame);
      program.run(frame);
      last = Math.max(performance.now() - start, last / 2);
    } catch (error) {
      fail(words[${ORDER.meeting}]);
      throw error;
    }
    if (tells) port.postMessage("done");
  }
};
port.onmessage = ({ data }) => {
  try {
    if (data.memory !== undefined) {
      ({ memory, part, tells } = data);
      words = new Int32Array(memory.buffer, data.orders, ${ORDER_WORDS});
      seen = Atomics.load(words, ${ORDER.turn});
    }
    programs[data.program] = new WebAssembly.Instance(data.module, { env: { memory } }).exports;
    port.postMessage("ready");
    serve();
  } catch (error) {
    port.postMessage({ error: String(error) });
  }
};`;

/** Throws a DeviceError where the page forbids it. */
export function startWorker(): Worker {
  const node = nodeThreads();
  return node === null ? webWorker() : nodeWorker(node);
}

type NodeThreads = typeof import("node:worker_threads");

/** Without an import, which a bundler for browsers would refuse. */
function nodeThreads(): NodeThreads | null {
  const here = (globalThis as { process?: Partial<NodeJS.Process> }).process;
  return here?.versions?.node === undefined
    ? null
    : (here.getBuiltinModule?.("node:worker_threads") ?? null);
}

function nodeWorker({ Worker: Thread }: NodeThreads): Worker {
  const worker = new Thread(SOURCE, { eval: true, execArgv: [] });
  worker.unref();
  const inbox = createInbox(
    () => worker.ref(),
    () => worker.unref(),
  );
  worker.on("message", inbox.take);
  worker.on("error", (error) => inbox.take({ error: String(error) }));
  worker.on("exit", () => inbox.take({ error: "it has ended" }));
  return {
    post: (message) => worker.postMessage(message),
    answer: inbox.next,
    end: () => void worker.terminate(),
  };
}

function webWorker(): Worker {
  const url = URL.createObjectURL(new Blob([SOURCE], { type: "text/javascript" }));
  const worker = started(url);
  const inbox = createInbox(
    () => undefined,
    () => undefined,
  );
  worker.onmessage = ({ data }: MessageEvent<Answer>) => {
    URL.revokeObjectURL(url);
    inbox.take(data);
  };
  worker.onerror = (event) => inbox.take({ error: event.message || "its script was refused" });
  return {
    post: (message) => worker.postMessage(message),
    answer: inbox.next,
    end: () => {
      worker.terminate();
      inbox.take({ error: "it has ended" });
    },
  };
}

function started(url: string): globalThis.Worker {
  try {
    return new globalThis.Worker(url);
  } catch (error) {
    throw new DeviceError(`a thread cannot be started: ${String(error)}`, { cause: error });
  }
}

interface Inbox {
  readonly take: (answer: Answer) => void;
  readonly next: () => Promise<Told>;
}

/** Answers in order; an error is the answer to everything after it. */
function createInbox(wait: () => void, rest: () => void): Inbox {
  const answers: Answer[] = [];
  const waiting: ((answer: Answer) => void)[] = [];
  return {
    take: (answer) => {
      const first = waiting.shift();
      if (first === undefined) answers.push(answer);
      else first(answer);
    },
    next: async () => {
      const [known] = answers;
      if (typeof known !== "object") answers.shift();
      wait();
      const answer = known ?? (await new Promise<Answer>((take) => waiting.push(take)));
      rest();
      if (typeof answer === "string") return answer;
      throw new DeviceError(`a thread failed: ${answer.error}`);
    },
  };
}
