/** @file The progress of a training run, on stderr. In: its events. Out: a bar with loss, tokens a second
 *  and what is left; plain lines where stderr is no terminal. */
import { type Options, SingleBar } from "cli-progress";
import type { ProgressEvent } from "../runtime/train.ts";

export interface Progress {
  show(event: ProgressEvent): void;
  close(): void;
}

export function openProgress(title: string): Progress {
  const options: Options = {
    format: `${title} {bar} {value}/{total} epoch {epoch} loss {loss} {speed} tokens/s, {left} left`,
    barsize: 24,
    hideCursor: true,
    stream: process.stderr,
    noTTYOutput: true,
    notTTYSchedule: 5000,
    etaBuffer: 1,
  };
  const bar = new SingleBar(options);
  const state = { started: false, ended: false };
  return {
    show(event) {
      const values = {
        epoch: `${event.epoch}/${event.epochs}`,
        loss: event.loss.toFixed(4),
        speed: Math.round(event.tokensPerSecond),
        left: duration(event.etaMs),
      };
      if (!state.started) {
        bar.start(event.steps, event.step, values);
        state.started = true;
      } else bar.update(event.step, values);
    },
    close() {
      if (state.started && !state.ended) bar.stop();
      state.ended = true;
    },
  };
}

function duration(ms: number): string {
  const s = Math.round(ms / 1000);
  return s < 60 ? `${s} s` : `${Math.floor(s / 60)} min ${s % 60} s`;
}
