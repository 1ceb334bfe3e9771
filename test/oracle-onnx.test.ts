/** @file What ONNX and ONNX Runtime computed, in float32: their recurrent operators as specs. The
 *  vectors are not ours to copy: they are read from beside the repository, and where they are not
 *  there, each kind is skipped by its name; test/ort-live.test.ts takes their place for everyone. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compile } from "../compiler/index.ts";
import { load } from "../runtime/index.ts";
import { onnxOutputs, onnxSpec } from "./harness/onnx-cells.ts";
import { ENTRY, type OnnxOp } from "./harness/onnx-text.ts";
import { ROOT, reader, specCache } from "./harness/spec.ts";
import { distance, type Flat } from "./harness/tensor.ts";

interface Vector extends OnnxOp {
  readonly outputs?: Readonly<Record<string, Flat>>;
  /** Largest difference to accept from float32. */
  readonly atol?: number;
  readonly expect?: "failure";
}

const FOLDER = join(ROOT, "../shared/oracles/onnx");
const FILE = "op.cell";
const BACKENDS = ["reference", "webasm"] as const;
const compiled = specCache();
const present = existsSync(FOLDER);
const names = present
  ? readdirSync(FOLDER).map((f) => f.replace(/\.json$/, ""))
  : ["onnx_*", "ort_attnlstm_*", "ort_gru_*", "ort_lstm_*", "ort_rnn_*", "cntk_*"];

const vector = (name: string): Vector =>
  JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf8")) as Vector;

const suite = present ? describe : describe.skip;
const title = present ? "%s" : "%s (no ../shared/oracles/onnx)";

suite.each(names)(title, (name) => {
  if (!present) {
    test("needs the vectors", () => undefined);
    return;
  }
  const data = vector(name);
  const spec = onnxSpec(data);
  const request = { file: FILE, text: spec.text, entry: ENTRY, dims: spec.dims };
  const { direction, inputs, initial, lengths } = spec;
  const values = { inputs, initial, ...(Object.keys(lengths).length > 0 ? { lengths } : {}) };

  if (data.expect === "failure") {
    test("is refused, with a reason", async () => {
      const read = reader(FILE, spec.text);
      const { artifact, diagnostics } = compile({ ...request, direction, read });
      if (artifact === null) {
        expect(diagnostics.map((d) => d.message).join()).toContain(
          data.attrs.activations![0]!.toLowerCase(),
        );
        return;
      }
      const model = await load(artifact, { backend: "reference" });
      await model.setParams(spec.params);
      await expect(model.run(values)).rejects.toThrow(/length/);
      model.close();
    });
    return;
  }

  test(`as computed there, on ${BACKENDS.join(" and ")}`, async () => {
    const artifact = compiled({ ...request, direction, mayWarn: true });
    for (const backend of BACKENDS) {
      const model = await load(artifact, { backend });
      await model.setParams(spec.params);
      const got = onnxOutputs(data, await model.run(values));
      model.close();
      for (const [output, wanted] of Object.entries(data.outputs!)) {
        const { error, at } = distance(got[output]!, wanted);
        expect(error, `${output}[${at}] on ${backend}`).toBeLessThanOrEqual(data.atol!);
      }
    }
  });
});
