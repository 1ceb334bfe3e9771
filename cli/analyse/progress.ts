/** @file The progress of a measurement, on stderr. In: lags done. Out: a bar; plain lines where stderr is no
 *  terminal. */
import { SingleBar } from "cli-progress";

export interface Steps {
  readonly show: (done: number, total: number) => void;
  readonly close: () => void;
}

/** Milliseconds in which nobody asks how long it will take. */
const PATIENCE = 1500;

export function openSteps(title: string): Steps {
  const bar = new SingleBar({
    format: `${title} {bar} {value}/{total} steps back`,
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    noTTYOutput: true,
    notTTYSchedule: 5000,
    stream: process.stderr,
  });
  const opened = performance.now();
  let started = false;
  return {
    show(done, total) {
      if (!started && performance.now() - opened < PATIENCE) return;
      if (started) bar.update(done);
      else bar.start(total, done);
      started = true;
    },
    close() {
      if (started) bar.stop();
    },
  };
}
