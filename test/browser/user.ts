/** @file What a program does with a compiled model. In: an artifact's text, a backend, sequences. Out:
 *  numbers. Runs in Node and in a page alike, with the public runtime and nothing else. */
import {
  type BackendName,
  load,
  type Nested,
  nested,
  type Tensors,
  type Threads,
} from "../../runtime/index.ts";

type Sequences = readonly (readonly (readonly number[])[])[];

export interface Use {
  readonly artifact: string;
  readonly backend: BackendName;
  readonly threads?: Threads;
  /** Input x and the upstream gradient of output h: [B][T][…]. */
  readonly x: Sequences;
  readonly upstream: Sequences;
  /** Step by step: x of the first sample, [T][D]. */
  readonly steps: readonly (readonly number[])[];
}

type Numbers = Readonly<Record<string, Nested>>;

export interface Used {
  readonly backend: string;
  readonly executor: string;
  readonly threads: number;
  readonly synchronous: boolean;
  readonly outputs: Numbers;
  readonly final: Numbers;
  readonly grads: {
    readonly params: Numbers;
    readonly inputs: Numbers;
    readonly initial: Numbers;
  };
  /** Output h of each step. */
  readonly streamed: readonly (readonly number[])[];
}

export async function use({
  artifact,
  backend,
  threads = "auto",
  x,
  upstream,
  steps,
}: Use): Promise<Used> {
  const model = await load(artifact, { backend, threads, seed: 7 });
  try {
    const { outputs, final } = await model.run({ inputs: { x } });
    const { grads } = await model.grad({ inputs: { x }, upstream: { outputs: { h: upstream } } });
    const stream = await model.stream();
    const streamed: number[][] = [];
    for (const step of steps) {
      const { h } = stream.synchronous
        ? stream.step({ x: step })
        : await stream.stepAsync({ x: step });
      streamed.push(Array.from(h!));
    }
    return {
      backend: model.backend.backend,
      executor: model.backend.executor,
      threads: model.backend.threads,
      synchronous: stream.synchronous,
      outputs: plain(outputs),
      final: plain(final),
      grads: {
        params: plain(grads.params),
        inputs: plain(grads.inputs),
        initial: plain(grads.initial),
      },
      streamed,
    };
  } finally {
    model.close();
  }
}

function plain(tensors: Tensors): Numbers {
  return Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, nested(t)]));
}
