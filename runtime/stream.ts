/** @file A model one step at a time. In: an open session. Out: a Stream whose arrays stay the same
 *  objects. A synchronous step allocates nothing. */
import type { Artifact } from "./artifact/artifact.ts";
import { type Fault, fault } from "./artifact/fault.ts";
import type { Real, Session } from "./devices/device.ts";
import { RuntimeError, unwrap } from "./errors.ts";
import { hostStepper } from "./host-stepper.ts";
import { type Values, bindInitial, missing, record, unknown, wantedStep } from "./request.ts";
import { type Snapshot, states } from "./stream-states.ts";
import { type Tensor, type Value, read } from "./values.ts";

export interface StreamOptions {
  /** Samples side by side; 1 by default. */
  readonly batch?: number;
  /** States before the first step, [B][…]; those left out start as the spec says. */
  readonly initial?: Values;
}

/** Values of one step, flat: [B][…shape], row-major. */
export type Step = Readonly<Record<string, ArrayLike<number>>>;
export type Arrays = Readonly<Record<string, Real>>;

export interface Stream {
  readonly batch: number;
  /** The arrays that a step reads, [B][…shape]: the same objects for the stream's life, zero at first. */
  readonly inputs: Arrays;
  /** The arrays that a step writes. */
  readonly outputs: Arrays;
  /** The states' slots: `h`, and `h#2` for the value two steps back. */
  readonly states: readonly string[];
  /** Whether `step` works here; `stepAsync` always does. */
  readonly synchronous: boolean;
  /**
   * Computes one step from `inputs` and gives `outputs`. What is passed is checked and copied into
   * `inputs` first: every input that is a sequence; the others keep their values where left out.
   * Without an argument `inputs` are taken as they are.
   */
  step(values?: Step): Arrays;
  stepAsync(values?: Step): Promise<Arrays>;
  /** Copies values of any form, [B][…], into `inputs`. */
  fill(values: Values): void;
  /** A copy of a state, [B][…]. */
  get(state: string): Tensor;
  set(state: string, value: Value): void;
  snapshot(): Snapshot;
  restore(snapshot: Snapshot): void;
  /** Back to the states that the stream opened with, computed from the parameters as they are now. */
  reset(): Promise<void>;
}

export interface StreamContext {
  readonly artifact: Artifact;
  readonly session: Session;
  readonly exclusive: <T>(work: () => Promise<T>) => Promise<T>;
  /** Throws where the model is closed. */
  readonly alive: () => void;
}

/** Runs inside the model's queue; throws R210 where the model has no step. */
export async function openStream(context: StreamContext, options: StreamOptions): Promise<Stream> {
  const { artifact, session, exclusive, alive } = context;
  const batch = options.batch ?? 1;
  check(artifact, batch);
  const sync = session.stepper(batch);
  const host = sync === null ? hostStepper(artifact, session, batch) : null;
  const arrays = sync ?? host!;
  const inputs = artifact.inputs.map((info) => ({
    info,
    name: info.name,
    array: arrays.input(`input:${info.name}`),
  }));
  const names = new Set(inputs.map(({ name }) => name));
  const outputs: Arrays = Object.fromEntries(
    artifact.outputs.map(({ name }) => [name, arrays.output(`output:${name}`)]),
  );
  const { slots, ...held } = states(artifact, batch, (store) => arrays.state(store));
  const start = async (): Promise<void> => {
    const initial = unwrap(bindInitial(artifact, options.initial ?? {}, batch));
    for (const [name, { data, shape }] of initial) session.write(name, data, shape);
    await session.run("start", { B: batch });
    for (const { store, array } of slots) array.set(await session.read(store));
  };
  const take = (values: Step): void => {
    for (const key in values) if (!names.has(key)) throw refused(artifact, values);
    for (const { name, info, array } of inputs) {
      if (Object.hasOwn(values, name)) copyChecked(values[name]!, array, name, info.of);
      else if (info.seq !== null) throw refused(artifact, values);
    }
  };
  await start();
  return {
    ...held,
    batch,
    inputs: Object.fromEntries(inputs.map(({ name, array }) => [name, array])),
    outputs,
    states: slots.map(({ name }) => name),
    synchronous: sync !== null,
    step: (values) => {
      alive();
      if (sync === null)
        throw new RuntimeError([
          fault(
            "R211",
            "",
            `${session.report().backend} has no synchronous step`,
            "await stepAsync(), or open the model on another backend",
          ),
        ]);
      if (values !== undefined) take(values);
      sync.step();
      return outputs;
    },
    stepAsync: (values) =>
      exclusive(async () => {
        if (values !== undefined) take(values);
        if (sync !== null) sync.step();
        else await host!.step();
        return outputs;
      }),
    fill: (values) => {
      const faults: Fault[] = [];
      const given = record(values, "inputs", faults);
      unknown(given, artifact.inputs, "input", "inputs", faults);
      const filled = inputs.flatMap(({ info, name, array }) => {
        if (!Object.hasOwn(given, name)) return [];
        const result = read(given[name], wantedStep(info, batch), new Map());
        if (!result.ok) faults.push(...result.faults);
        return result.ok ? [{ array, data: result.value.data }] : [];
      });
      if (faults.length > 0) throw new RuntimeError(faults);
      for (const { array, data } of filled) array.set(data);
    },
    reset: () => exclusive(start),
  };
}

function check(artifact: Artifact, batch: number): void {
  if (artifact.programs.step === null || artifact.inputs.some((i) => i.memory))
    throw new RuntimeError([
      fault(
        "R210",
        "",
        `${artifact.entry.name} needs its whole input at once: it has no step`,
        "use run(), or a model of forward layers without memory inputs",
      ),
    ]);
  if (!Number.isSafeInteger(batch) || batch < 1)
    throw new RuntimeError([
      fault("R203", "batch", `${batch} is not a number of samples`, "give a whole number from 1"),
    ]);
}

/** The error for names that are missing or not there. */
function refused(artifact: Artifact, values: Step): RuntimeError {
  const faults: Fault[] = [];
  unknown(values as Values, artifact.inputs, "input", "inputs", faults);
  for (const { name, seq } of artifact.inputs)
    if (seq !== null && !Object.hasOwn(values, name)) faults.push(missing("input", name, "inputs"));
  return new RuntimeError(faults);
}

function copyChecked(from: ArrayLike<number>, into: Real, name: string, of: number | null): void {
  const wrong = (code: "R203" | "R205" | "R206", words: string): RuntimeError =>
    new RuntimeError([fault(code, `inputs.${name}`, `input \`${name}\` ${words}`)]);
  if (from.length !== into.length)
    throw wrong("R203", `has ${from.length} numbers; ${into.length} are needed`);
  for (let i = 0; i < into.length; i++) {
    const x = from[i]!;
    if (!Number.isFinite(x)) throw wrong("R205", `is ${x} at ${i}`);
    if (of !== null && !(Number.isInteger(x) && x >= 0 && x < of))
      throw wrong("R206", `is ${x} at ${i}; its tokens are the whole numbers 0 to ${of - 1}`);
    into[i] = x;
  }
}
