/** @file What onnxruntime-node and onnxruntime-web share. In: how a session is made. Out: streaming and
 *  inference of one recurrent operator. */
import { cellWeights, inputs, meanAbs } from "./data.mjs";
import { recurrentModel } from "./onnx.mjs";

export const ortPeer = (session) => ({
  async stream(lib, p) {
    const { ort } = lib;
    const { I, H, cell } = p;
    const lstm = cell === "lstm";
    const model = recurrentModel({ ...p, T: 1, B: 1, stateful: true }, cellWeights(cell, I, H));
    const made = await session(lib, model);
    const X = new ort.Tensor("float32", inputs(I), [1, 1, I]);
    const zero = () => new ort.Tensor("float32", new Float32Array(H), [1, 1, H]);
    let h = zero();
    let c = zero();
    const step = async () => {
      const next = await made.run(lstm ? { X, h0: h, c0: c } : { X, h0: h });
      h = next.h1;
      c = next.c1;
    };
    const check = async () => {
      h = zero();
      c = zero();
      for (let i = 0; i < 10; i++) await step();
      return meanAbs(h.data);
    };
    return { step, check, dispose: () => made.release() };
  },
  async infer(lib, p) {
    const { I, H, T, B, cell } = p;
    const made = await session(lib, recurrentModel(p, cellWeights(cell, I, H)));
    const X = new lib.ort.Tensor("float32", inputs(T * B * I), [T, B, I]);
    const run = () => made.run({ X });
    return { run, check: async () => meanAbs((await run()).Y.data), dispose: () => made.release() };
  },
});
