/** @file The thread of a live report. In: messages of `watch.ts`. Out: a server over a run's folder. */
import { parentPort, workerData } from "node:worker_threads";
import { reportOf } from "./facts.ts";
import { openRunReader, type RunReader } from "./read.ts";
import { serveReport } from "./server.ts";
import type { FromWorker, ToWorker } from "./watch.ts";

const port = parentPort!;
const say = (message: FromWorker): void => port.postMessage(message);
const { promise: opened, resolve: open } = withResolvers<RunReader | null>();

const read = async () => {
  const reader = await opened;
  if (reader === null) return null;
  const { folder, artifact } = reader;
  const [config, history] = [await reader.config(), await reader.history()];
  return reportOf([{ folder, artifact, config, history, gradcheck: null }]);
};

const server = await serveReport({ read, port: workerData.port }).catch((error: Error) => error);
if (server instanceof Error) say({ taken: server.message });
else {
  port.on("message", async (message: ToWorker) => {
    if (message !== "end") return open(await openRunReader(message.folder));
    open(null); // where there was no run to show
    await server.end();
    port.close();
  });
  say({ url: server.url });
}

function withResolvers<T>() {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
