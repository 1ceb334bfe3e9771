/** @file Streaming on a device without a synchronous stepper. In: an open session. Out: a stepper whose
 *  arrays are the host's and whose step is awaited. */
import type { Artifact } from "./artifact/artifact.ts";
import { elements, shapeOf } from "./artifact/extent.ts";
import type { Program } from "./artifact/kernel.ts";
import { DeviceError, type Real, type Session, type Stepper } from "./devices/device.ts";

export type HostStepper = Pick<Stepper, "input" | "output" | "state"> & {
  step(): Promise<void>;
};

/** `step` is the artifact's step program; the caller sees to it that one step runs at a time. */
export function hostStepper(artifact: Artifact, session: Session, batch: number): HostStepper {
  const program = artifact.programs.step;
  if (program === null) throw new DeviceError(`${artifact.entry.name} has no program step`);
  const sizes = { B: batch };
  const real = session.report().precision === "f64" ? Float64Array : Float32Array;
  const entries = (list: Program["inputs"]) =>
    list
      .filter(({ name }) => !name.startsWith("param:"))
      .map(({ name, buffer }) => {
        const shape = shapeOf(program.buffers[buffer]!.shape, sizes);
        return { name, shape, array: new real(elements(shape)) };
      });
  const given = entries(program.inputs);
  const byName = new Map(given.map((e): [string, Real] => [e.name, e.array]));
  const taken = entries(program.outputs).map(({ name, array }) => {
    const kept = byName.get(name) ?? array;
    byName.set(name, kept);
    return { name, array: kept };
  });
  const pick = (name: string): Real => {
    const array = byName.get(name);
    if (array === undefined) throw new DeviceError(`the step has no ${name}`);
    return array;
  };
  return {
    input: pick,
    output: pick,
    state: pick,
    step: async () => {
      for (const { name, array, shape } of given) session.write(name, array, shape);
      await session.run("step", sizes);
      for (const { name, array } of taken) array.set(await session.read(name));
    },
  };
}
