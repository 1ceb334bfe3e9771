/** @file Sequences in a session's store: callers have samples first, programs steps first. In: every device that
 *  runs in Node. */
import { expect, test } from "vitest";
import { gpujsDevice } from "../runtime/devices/gpujs.ts";
import { referenceDevice } from "../runtime/devices/reference.ts";
import { wasmDevice } from "../runtime/devices/wasm.ts";
import { load } from "./harness/expr.ts";
import { programBuilder } from "./harness/program.ts";
import { artifactOf } from "./harness/programs.ts";

/** Features below and above what is copied a number at a time. */
const FEATURES = [1, 3, 40] as const;
const SIZES = [
  [2, 3],
  [1, 4],
  [5, 1],
] as const;

test.each([referenceDevice, wasmDevice, gpujsDevice("cpu"), gpujsDevice("webasm")])(
  "$name",
  async (device) => {
    for (const D of FEATURES) {
      const p = programBuilder();
      const x = p.input("input:x", ["T", "B", D]);
      const y = p.kernel("y", ["T", "B", D], ([t, b, d]) => load(x, t!, b!, d!));
      p.output("output:y", y);
      const session = await device.open(artifactOf(p.done()));
      for (const [B, T] of SIZES) {
        const samplesFirst = Float32Array.from({ length: B * T * D }, (_, i) => i);
        const stepsFirst = Float32Array.from({ length: B * T * D }, (_, i) => {
          const [t, b, d] = [Math.floor(i / (B * D)), Math.floor(i / D) % B, i % D];
          return (b * T + t) * D + d;
        });
        session.write("input:x", samplesFirst, [T, B, D], true);
        await session.run("forward", { B, T });
        expect([...(await session.read("output:y"))]).toEqual([...stepsFirst]);
        expect([...(await session.read("output:y", true))]).toEqual([...samplesFirst]);
        session.write("input:x", stepsFirst, [T, B, D]);
        expect([...(await session.read("input:x", true))]).toEqual([...samplesFirst]);
      }
      session.close();
    }
  },
);
