/** @file Streaming in a memory of its own. In: the compiled step program, a batch. Out: a Stepper. A step is
 *  one call: it allocates nothing, and copies only states that the program does not write in place. */
import { elements, shapeOf } from "../../artifact/extent.ts";
import { DeviceError, type Real, type Stepper } from "../device.ts";
import { createHeap } from "./heap.ts";
import { type Compiled, instantiate } from "./instance.ts";

export interface Parameters {
  /** Grows whenever a parameter is written. */
  version(): number;
  /** The tensor in the session's store; throws DeviceError where it is missing. */
  read(name: string, shape: readonly number[]): Float32Array;
}

interface Copy {
  readonly from: Float32Array;
  readonly into: Float32Array;
}

export function createStepper(compiled: Compiled, batch: number, parameters: Parameters): Stepper {
  const { program } = compiled;
  const heap = createHeap();
  const sizes = { B: batch };
  const instance = instantiate(compiled, heap);
  const shape = (id: number) => shapeOf(program.buffers[id]!.shape, sizes);
  const { bytes, arena } = instance.layout(sizes);
  const named = new Map<number, number>();
  for (const { buffer } of [...program.inputs, ...program.outputs])
    if (!named.has(buffer) && instance.isStored(buffer))
      named.set(buffer, heap.allocate(bytes[buffer]!));
  const base = heap.allocate(arena);
  instance.place(sizes, base, named);
  // The memory has its size: views stay.
  const view = (id: number): Float32Array =>
    heap.floats(instance.addressOf(id), elements(shape(id)));
  const inputs = new Map<string, Float32Array>();
  const states = new Map<string, Float32Array>();
  const outputs = new Map<string, Float32Array>();
  const isState = (name: string): boolean => name.startsWith("state:");
  const params = program.inputs.filter(({ name }) => name.startsWith("param:"));
  for (const { name, buffer } of program.inputs) {
    if (name.startsWith("param:")) continue;
    (isState(name) ? states : inputs).set(name, view(buffer));
  }
  // What the program gives back of its inputs is taken out before states are written over them.
  const given = new Set(program.inputs.map((i) => i.buffer));
  const first: Copy[] = [];
  const then: Copy[] = [];
  for (const { name, buffer } of program.outputs) {
    const from = view(buffer);
    const state = states.get(name);
    const isGiven = given.has(buffer);
    if (state === undefined) {
      const own = isGiven || isState(name) ? new Float32Array(from.length) : from;
      (isState(name) ? states : outputs).set(name, own);
      if (own !== from) first.push({ from, into: own });
    } else if (isGiven && state.byteOffset !== from.byteOffset) {
      const taken = new Float32Array(from.length);
      first.push({ from, into: taken });
      then.push({ from: taken, into: state });
    } else if (!isGiven) then.push({ from, into: state });
  }
  const copies = [...first, ...then];
  let preparedAt = -1;
  const pick =
    (kind: string, from: ReadonlyMap<string, Float32Array>) =>
    (name: string): Real => {
      const array = from.get(name);
      if (array === undefined)
        throw new DeviceError(
          `the step has no ${kind} ${name}; it has ${[...from.keys()].join(", ")}`,
        );
      return array;
    };
  const refresh = (): void => {
    for (const { name, buffer } of params) view(buffer).set(parameters.read(name, shape(buffer)));
    instance.prepare();
    preparedAt = parameters.version();
  };
  return {
    input: pick("input", inputs),
    output: pick("output", outputs),
    state: pick("state", states),
    bytes: () => heap.taken(),
    step: () => {
      if (preparedAt !== parameters.version()) refresh();
      instance.run();
      for (let i = 0; i < copies.length; i++) copies[i]!.into.set(copies[i]!.from);
    },
  };
}
