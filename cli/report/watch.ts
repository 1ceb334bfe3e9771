/** @file A live report beside a training run. In: a port, then the run's folder. Out: a server in a thread of its
 *  own, which follows the folder. Never computes in the thread that trains. */
import { Worker } from "node:worker_threads";
import { Failure } from "../fail.ts";

export interface Watch {
  readonly url: string;
  /** The folder of the run, once it is there. */
  show(folder: string): void;
  /** Shows the last of it and closes; resolves when the thread is gone. */
  end(): Promise<void>;
}

/** What the thread is told, and what it says. */
export type ToWorker = { readonly folder: string } | "end";
export type FromWorker = { readonly url: string } | { readonly taken: string };

/** Port 0: any free one. Throws a Failure (2) where the port cannot be had. */
export async function openWatch(port: number): Promise<Watch> {
  const worker = new Worker(new URL("./watch-worker.js", import.meta.url), {
    workerData: { port },
  });
  const gone = new Promise<void>((done) => worker.once("exit", () => done()));
  const first = await new Promise<FromWorker>((said, failed) => {
    worker.once("message", said);
    worker.once("error", failed);
  });
  if ("taken" in first) {
    await gone;
    throw new Failure(`error: port ${port}: ${first.taken}; name another, or none`, 2);
  }
  const say = (message: ToWorker): void => worker.postMessage(message);
  worker.on("error", (error) => {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`the live page has a bug and is gone; training goes on.\n${why}\n`);
  });
  return {
    url: first.url,
    show: (folder) => say({ folder }),
    end: async () => {
      say("end");
      await gone;
    },
  };
}
