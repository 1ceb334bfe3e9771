/** @file A session over an executor: the store by name, plans by sizes. In: an artifact. Out: a Session.
 *  Never keeps more plans than a few, never runs two programs at once, never guesses a missing tensor. */
import type { Artifact, Programs } from "../../artifact/artifact.ts";
import { elements, sameShape, shapeOf } from "../../artifact/extent.ts";
import type { Program } from "../../artifact/kernel.ts";
import { type BackendReport, DeviceError, type Real, type Session, type Sizes } from "../device.ts";
import { swapLeading } from "../swap.ts";
import type { Executor, Plan } from "./executor.ts";

/** Plans kept by program and sizes; each holds compiled kernels, so the longest unused goes. */
const PLANS = 12;

interface Stored<V> {
  readonly value: V;
  readonly shape: readonly number[];
}

interface Kept<V> {
  readonly plan: Plan<V>;
  preparedAt: number;
}

export function createSession<V>(
  artifact: Artifact,
  executor: Executor<V>,
  report: BackendReport,
): Session {
  const store = new Map<string, Stored<V>>();
  const plans = new Map<string, Kept<V>>();
  let parameters = 0;
  let closed = false;
  let last: Promise<unknown> = Promise.resolve();

  const alive = (): void => {
    if (closed) throw new DeviceError("the session is closed");
  };
  const put = (name: string, value: V, shape: readonly number[]): void => {
    const old = store.get(name);
    store.set(name, { value, shape: [...shape] });
    if (old !== undefined) executor.free(old.value);
    if (name.startsWith("param:")) parameters += 1;
  };
  const fetch = (name: string, program: string, shape: readonly number[]): V => {
    const stored = store.get(name);
    if (stored === undefined)
      throw new DeviceError(`${program} needs ${name}, which is not in the store`);
    if (!sameShape(stored.shape, shape))
      throw new DeviceError(
        `${program} needs ${name} as [${shape}], but [${stored.shape}] is in the store`,
      );
    return stored.value;
  };
  const inTurn = <R>(job: () => Promise<R>): Promise<R> => {
    const turn = last.then(job);
    last = turn.catch(() => undefined);
    return turn;
  };
  const planFor = async (name: string, program: Program, sizes: Sizes): Promise<Kept<V>> => {
    const used = Object.entries(sizes).sort(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify([name, used]);
    const kept = plans.get(key) ?? { plan: executor.plan(program, sizes), preparedAt: -1 };
    plans.delete(key);
    plans.set(key, kept);
    for (const [oldest, { plan }] of plans) {
      if (plans.size <= PLANS) break;
      plans.delete(oldest);
      await plan.close();
    }
    return kept;
  };
  const run = async (name: keyof Programs, sizes: Sizes): Promise<void> => {
    alive();
    const program = programOf(artifact, name);
    checkSizes(program, name, sizes);
    const values = program.inputs.map((input) =>
      fetch(input.name, name, shapeOf(program.buffers[input.buffer]!.shape, sizes)),
    );
    const kept = await planFor(name, program, sizes);
    const version = parameters;
    const prepare = kept.preparedAt !== version;
    kept.preparedAt = -1;
    const results = await kept.plan.run(values, prepare);
    kept.preparedAt = version;
    for (const [i, { name: output, buffer }] of program.outputs.entries())
      put(output, results[i]!, shapeOf(program.buffers[buffer]!.shape, sizes));
  };

  return {
    report: () => report,
    write: (name, data, shape, samplesFirst = false) => {
      alive();
      if (data.length !== elements(shape))
        throw new DeviceError(`${name}: ${data.length} numbers do not make shape [${shape}]`);
      put(
        name,
        executor.upload(samplesFirst ? swap(data, shape[1]!, shape[0]!) : data, shape),
        shape,
      );
    },
    read: (name, samplesFirst = false) =>
      inTurn(async () => {
        alive();
        const stored = store.get(name);
        if (stored === undefined) throw new DeviceError(`nothing is stored as ${name}`);
        const data = await executor.download(stored.value);
        const [steps, samples] = stored.shape as readonly [number, number];
        return samplesFirst ? swap(data, steps, samples) : data;
      }),
    run: (name, sizes) => inTurn(() => run(name, sizes)),
    stepper: (batch) => {
      alive();
      if (artifact.programs.step === null || executor.step === null) return null;
      const program = artifact.programs.step;
      checkSizes(program, "step", { B: batch });
      return executor.step(program, batch, {
        version: () => {
          alive();
          return parameters;
        },
        get: (name) => {
          const input = program.inputs.find((i) => i.name === name)!;
          return fetch(name, "step", shapeOf(program.buffers[input.buffer]!.shape, { B: batch }));
        },
      });
    },
    close: () => {
      if (closed) return;
      closed = true;
      store.clear();
      plans.clear();
      void last.then(() => executor.close());
    },
  };
}

const swap = (data: Real, a: number, b: number): Float32Array =>
  swapLeading(data, a, b, new Float32Array(data.length));

function programOf(artifact: Artifact, name: keyof Programs): Program {
  const program = artifact.programs[name];
  if (program === null) throw new DeviceError(`${artifact.entry.name} has no program ${name}`);
  return program;
}

function checkSizes(program: Program, name: string, sizes: Sizes): void {
  for (const { shape } of program.buffers)
    for (const extent of shape)
      if (typeof extent === "string" && sizes[extent] === undefined)
        throw new DeviceError(`${name}: size ${extent} is needed and was not given`);
}
