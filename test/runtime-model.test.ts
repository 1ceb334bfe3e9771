/** @file Models on the reference device: run, lengths, grad, parameters, streams, and what each refuses. */
import { describe, expect, test } from "vitest";
import { referenceDevice } from "../runtime/devices/reference.ts";
import { RuntimeError } from "../runtime/errors.ts";
import { openModel } from "../runtime/model.ts";
import type { Device } from "../runtime/devices/device.ts";
import { random } from "../runtime/random.ts";
import { type Nested, nested } from "../runtime/values.ts";
import "./harness/all-close.ts";
import { D, H, V, probe } from "./harness/probe.ts";

const open = () => openModel(probe(), referenceDevice, 7);
type Open = Awaited<ReturnType<typeof open>>;

type Matrix = readonly (readonly number[])[];
interface Sample {
  readonly x: Matrix;
  readonly k: readonly number[];
  readonly z: readonly number[];
}

function samples(B: number, T: number, seed = 1): readonly Sample[] {
  const { normal, uniform } = random(seed, "samples");
  return Array.from({ length: B }, () => ({
    x: Array.from({ length: T }, () => Array.from({ length: D }, normal)),
    k: Array.from({ length: T }, () => Math.floor(uniform() * V)),
    z: Array.from({ length: H }, normal),
  }));
}

const inputsOf = (batch: readonly Sample[]) => ({
  x: batch.map((s) => s.x),
  k: batch.map((s) => s.k),
  z: batch.map((s) => s.z),
});

/** The probe's equations, one sample. */
async function loop(model: Open, { x, k, z }: Sample, start?: readonly number[]) {
  const p = await model.params();
  const [W, U, E, h0] = ["W", "U", "E", "h0"].map((n) => nested(p[n]!)) as [
    Matrix,
    Matrix,
    Matrix,
    number[],
  ];
  let h: readonly number[] = start ?? h0;
  let [s, s2] = [0.1, 0.1];
  const hs: (readonly number[])[] = [];
  const ss: number[] = [];
  const dot = (a: readonly number[], b: readonly number[]) =>
    a.reduce((t, e, i) => t + e * b[i]!, 0);
  for (const [t, xt] of x.entries()) {
    const before = h;
    h = z.map((zi, i) => Math.tanh(dot(U[i]!, before) + dot(W[i]!, xt) + E[k[t]!]![i]! + zi));
    [s, s2] = [s / 2 + s2 / 4 + dot(h, h), s];
    hs.push(h);
    ss.push(s);
  }
  return { h: hs, s: ss, final: { h, s } };
}

const flat = (n: unknown): number[] => (n as Nested[]).flat(9) as number[];
const TIGHT = { absolute: 1e-14 };

/** The codes of what a call refuses, with paths. */
async function refusal(work: () => unknown): Promise<string[]> {
  try {
    await work();
  } catch (error) {
    if (error instanceof RuntimeError) return error.faults.map((f) => `${f.code} ${f.path}`);
    throw error;
  }
  return [];
}

describe("run", () => {
  test("whole sequences, any T and B", async () => {
    const model = await open();
    for (const [B, T] of [
      [1, 1],
      [3, 5],
      [2, 9],
    ] as const) {
      const batch = samples(B, T);
      const { outputs, final } = await model.run({ inputs: inputsOf(batch) });
      const wanted = await Promise.all(batch.map((s) => loop(model, s)));
      expect(outputs.h!.shape).toEqual([B, T, H]);
      expect(outputs.h!.data).toBeAllClose(flat(wanted.map((w) => w.h)), TIGHT);
      expect(outputs.s!.shape).toEqual([B, T]);
      expect(outputs.s!.data).toBeAllClose(flat(wanted.map((w) => w.s)), TIGHT);
      expect(final.h!.data).toBeAllClose(flat(wanted.map((w) => w.final.h)), TIGHT);
      expect(final.s!.shape).toEqual([B]);
    }
  });

  test("a given initial state replaces the learned one", async () => {
    const model = await open();
    const [one] = samples(1, 4);
    const { outputs } = await model.run({
      inputs: inputsOf([one!]),
      initial: { h: [[0.3, -0.2]] },
    });
    expect(outputs.h!.data).toBeAllClose(flat((await loop(model, one!, [0.3, -0.2])).h), TIGHT);
  });

  test("flat values with a shape are the nested ones", async () => {
    const model = await open();
    const batch = samples(2, 3);
    const a = await model.run({ inputs: inputsOf(batch) });
    const { x, k, z } = inputsOf(batch);
    const b = await model.run({
      inputs: { x: { data: Float64Array.from(flat(x)), shape: [2, 3, D] }, k, z },
    });
    expect(b).toEqual(a);
  });

  test("padding never matters: a padded batch gives what each sample alone gives", async () => {
    const model = await open();
    const lengths = [2, 5, 1];
    const batch = samples(3, 5);
    const { outputs, final } = await model.run({ inputs: inputsOf(batch), lengths });
    const garbage = batch.map((s, b) => ({
      ...s,
      x: s.x.map((row, t) => (t < lengths[b]! ? row : row.map(() => 1e300))),
      k: s.k.map((token, t) => (t < lengths[b]! ? token : V - 1 - token)),
    }));
    expect(await model.run({ inputs: inputsOf(garbage), lengths })).toEqual({ outputs, final });
    for (const [b, s] of batch.entries()) {
      const n = lengths[b]!;
      const alone = await model.run({
        inputs: inputsOf([{ ...s, x: s.x.slice(0, n), k: s.k.slice(0, n) }]),
      });
      expect(outputs.h!.data.slice(b * 5 * H, (b * 5 + n) * H)).toEqual(alone.outputs.h!.data);
      expect(outputs.s!.data.slice(b * 5, b * 5 + n)).toEqual(alone.outputs.s!.data);
      expect(final.h!.data.slice(b * H, (b + 1) * H)).toEqual(alone.final.h!.data);
      expect(final.s!.data.slice(b, b + 1)).toEqual(alone.final.s!.data);
    }
  });

  test("lengths by the sequence's name; full lengths change nothing", async () => {
    const model = await open();
    const inputs = inputsOf(samples(2, 3));
    const full = await model.run({ inputs });
    expect(await model.run({ inputs, lengths: { T: [3, 3] } })).toEqual(full);
    expect(await model.run({ inputs, lengths: {} })).toEqual(full);
  });

  test("a sample of no steps ends where it starts", async () => {
    const model = await open();
    const { outputs, final } = await model.run({
      inputs: inputsOf(samples(2, 3)),
      lengths: [0, 3],
    });
    expect(final.h!.data.slice(0, H)).toEqual((await model.params()).h0!.data);
    expect([...outputs.s!.data.slice(0, 3)]).toEqual([0, 0, 0]);
  });

  test("calls at once answer as calls in turn", async () => {
    const model = await open();
    const requests = [1, 2, 3].map((seed) => ({ inputs: inputsOf(samples(2, seed + 1, seed)) }));
    const turns = [];
    for (const request of requests) turns.push(await model.run(request));
    expect(await Promise.all(requests.map((r) => model.run(r)))).toEqual(turns);
  });
});

describe("refused requests", () => {
  const good = inputsOf(samples(2, 3));
  const { x, k, z } = good;
  const cases: readonly (readonly [string, object, readonly string[]])[] = [
    ["missing", { inputs: { x, z } }, ["R201 inputs.k"]],
    [
      "not an object",
      { inputs: [x] },
      ["R201 inputs", "R201 inputs.x", "R201 inputs.k", "R201 inputs.z"],
    ],
    ["extra", { inputs: { ...good, y: [[1]] } }, ["R202 inputs.y"]],
    ["no batch axis", { inputs: { ...good, z: z[0] } }, ["R203 inputs.z"]],
    ["wrong features", { inputs: { ...good, z: [[1], [2]] } }, ["R203 inputs.z"]],
    ["no step", { inputs: { ...good, k: [[], []] } }, ["R203 inputs.k"]],
    [
      "data and shape disagree",
      { inputs: { ...good, z: { data: [1, 2, 3], shape: [2, 2] } } },
      ["R203 inputs.z"],
    ],
    [
      "ragged",
      {
        inputs: {
          ...good,
          k: [
            [1, 2, 3],
            [1, 2],
          ],
        },
      },
      ["R204 inputs.k[1]"],
    ],
    [
      "deeper in places",
      {
        inputs: {
          ...good,
          z: [
            [1, 2],
            [1, [2]],
          ],
        },
      },
      ["R204 inputs.z[1][1]"],
    ],
    ["text", { inputs: { ...good, z: "1 2" } }, ["R205 inputs.z"]],
    [
      "null inside",
      {
        inputs: {
          ...good,
          z: [
            [1, 2],
            [null, 2],
          ],
        },
      },
      ["R205 inputs.z[1][0]"],
    ],
    [
      "NaN",
      {
        inputs: {
          ...good,
          z: [
            [1, 2],
            [1, Number.NaN],
          ],
        },
      },
      ["R205 inputs.z[1][1]"],
    ],
    [
      "token too large",
      {
        inputs: {
          ...good,
          k: [
            [0, 1, 4],
            [0, 0, 0],
          ],
        },
      },
      ["R206 inputs.k[0][2]"],
    ],
    [
      "token not whole",
      {
        inputs: {
          ...good,
          k: [
            [0, 1, 0.5],
            [0, 0, 0],
          ],
        },
      },
      ["R206 inputs.k[0][2]"],
    ],
    [
      "steps disagree",
      {
        inputs: {
          ...good,
          k: [
            [0, 1],
            [0, 0],
          ],
        },
      },
      ["R208 inputs.k"],
    ],
    ["samples disagree", { inputs: { ...good, z: [[1, 1]] } }, ["R208 inputs.z"]],
    ["unknown state", { inputs: good, initial: { g: [[1]] } }, ["R202 initial.g"]],
    ["state's shape", { inputs: good, initial: { s: [[1], [2]] } }, ["R203 initial.s"]],
    ["too few lengths", { inputs: good, lengths: [3] }, ["R207 lengths"]],
    ["a negative length", { inputs: good, lengths: [3, -1] }, ["R207 lengths[1]"]],
    ["length past T", { inputs: good, lengths: [4, 3] }, ["R207 lengths[0]"]],
    ["unknown sequence", { inputs: good, lengths: { S: [3, 3] } }, ["R207 lengths.S"]],
    [
      "several at once",
      { inputs: { x, kk: k, z: [[1]] } },
      ["R202 inputs.kk", "R201 inputs.k", "R203 inputs.z"],
    ],
  ];
  test.each(cases)("%s", async (_, request, wanted) => {
    const model = await open();
    expect(await refusal(() => model.run(request as Parameters<Open["run"]>[0]))).toEqual(wanted);
  });

  test("the words name what was got and wanted, and a way out", async () => {
    const model = await open();
    await expect(model.run({ inputs: { ...good, z: [1, 2] } })).rejects.toThrow(
      "R203 inputs.z: input `z` is [2]; [B, 2] is needed (samples come first: one sample is a list with one element)",
    );
    await expect(model.run({ inputs: { ...good, X: [1, 2] } })).rejects.toThrow(
      "R202 inputs.X: there is no input `X` (did you mean `x`?)",
    );
    await expect(
      model.run({
        inputs: {
          ...good,
          k: [
            [0, 1],
            [0, 0],
          ],
        },
      }),
    ).rejects.toThrow("R208 inputs.k: input `k` has T = 2, but input `x` has 3");
  });
});

describe("parameters", () => {
  test("set, read back, in part, and by the same seed the same", async () => {
    const model = await open();
    const before = await model.params();
    await model.setParams({ h0: [0.5, 0.25] }, { partial: true });
    const after = await model.params();
    expect(nested(after.h0!)).toEqual([0.5, 0.25]);
    expect(after.W).toEqual(before.W);
    await model.initialise(7);
    expect(await model.params()).toEqual(before);
    await model.initialise(8);
    expect((await model.params()).W).not.toEqual(before.W);
    await model.setParams(before);
    expect(await model.params()).toEqual(before);
  });

  test("refused", async () => {
    const model = await open();
    expect(await refusal(() => model.setParams({ h0: [1, 2], W: [[1]], G: [1] }))).toEqual([
      "R202 params.G",
      "R203 params.W",
      "R201 params.U",
      "R201 params.E",
    ]);
    expect(await refusal(() => model.initialise(-1))).toEqual(["R205 seed"]);
    expect(await refusal(() => openModel(probe(), referenceDevice, 0.5))).toEqual(["R205 seed"]);
  });
});

describe("grad", () => {
  test("the gradients of Σ upstream · value, by name and in the caller's layout", async () => {
    const model = await open();
    const inputs = inputsOf(samples(2, 3));
    const upstream = {
      outputs: {
        s: [
          [1, 0.5, -1],
          [2, 0, 1],
        ],
      },
      final: {
        h: [
          [1, 2],
          [3, 4],
        ],
      },
    };
    const { outputs, final, grads } = await model.grad({ inputs, upstream });
    expect({ outputs, final }).toEqual(await model.run({ inputs }));
    expect(Object.keys(grads.params)).toEqual(["W", "U", "E", "h0"]);
    expect(Object.keys(grads.inputs)).toEqual(["x", "z"]);
    expect(grads.inputs.x!.shape).toEqual([2, 3, D]);
    expect(grads.initial.s!.shape).toEqual([2]);
    const loss = async (dx: number): Promise<number> => {
      const moved = inputs.x.map((s, b) =>
        s.map((r, t) => r.map((e, i) => (b === 1 && t === 2 && i === 0 ? e + dx : e))),
      );
      const r = await model.run({ inputs: { ...inputs, x: moved } });
      const dot = (a: ArrayLike<number>, b: readonly number[]) =>
        b.reduce((sum, e, i) => sum + e * a[i]!, 0);
      return (
        dot(r.outputs.s!.data, flat(upstream.outputs.s)) +
        dot(r.final.h!.data, flat(upstream.final.h))
      );
    };
    const eps = 1e-5;
    const central = ((await loss(eps)) - (await loss(-eps))) / (2 * eps);
    expect([grads.inputs.x!.data[(3 + 2) * D]!]).toBeAllClose([central], { relative: 1e-8 });
  });

  test("an upstream that names nothing is refused", async () => {
    const model = await open();
    const inputs = inputsOf(samples(1, 2));
    expect(await refusal(() => model.grad({ inputs, upstream: {} }))).toEqual(["R209 upstream"]);
    expect(
      await refusal(() =>
        model.grad({ inputs, upstream: { outputs: { g: [[1, 1]] }, final: { s: [1, 2] } } }),
      ),
    ).toEqual(["R202 upstream.outputs.g", "R208 upstream.final.s"]);
  });
});

/** The reference without its synchronous stepper. */
const asynchronous: Device = {
  ...referenceDevice,
  name: "asynchronous",
  open: async (artifact) => ({ ...(await referenceDevice.open(artifact)), stepper: () => null }),
};

describe.each([
  ["synchronous", referenceDevice],
  ["asynchronous", asynchronous],
])("stream, %s", (_, device) => {
  const batch = samples(2, 6);
  const at = (t: number) => ({ x: batch.flatMap((s) => s.x[t]!), k: batch.map((s) => s.k[t]!) });
  const z = batch.flatMap((s) => s.z);
  const start = async () => {
    const model = await openModel(probe(), device, 7);
    const stream = await model.stream({ batch: 2 });
    stream.fill({ z: batch.map((s) => s.z) });
    return { model, stream };
  };

  test("steps give what whole sequences give", async () => {
    const { model, stream } = await start();
    const { outputs, final } = await model.run({ inputs: inputsOf(batch) });
    for (let t = 0; t < 6; t++) {
      const y = await stream.stepAsync(at(t));
      expect(y).toBe(stream.outputs);
      for (const b of [0, 1]) {
        expect(y.h!.slice(b * H, b * H + H)).toBeAllClose(
          outputs.h!.data.slice((b * 6 + t) * H, (b * 6 + t + 1) * H),
          TIGHT,
        );
        expect(y.s![b]).toBe(outputs.s!.data[b * 6 + t]);
      }
    }
    expect(stream.get("h").data).toBeAllClose(final.h!.data, TIGHT);
    expect(stream.states).toEqual(["h", "s", "s#2"]);
  });

  test("snapshots, set, reset; streams do not disturb each other", async () => {
    const { model, stream } = await start();
    const other = await model.stream({ batch: 2 });
    await stream.stepAsync(at(0));
    const held = stream.snapshot();
    const first = { ...(await stream.stepAsync(at(1))) };
    const kept = first.h!.slice();
    other.fill({ z: batch.map((s) => s.z) });
    await other.stepAsync(at(3));
    await stream.stepAsync(at(2));
    stream.restore(held);
    expect((await stream.stepAsync(at(1))).h).toEqual(kept);
    await stream.reset();
    await stream.stepAsync(at(0));
    expect(stream.snapshot()).toEqual(held);
    stream.set("s", [5, 6]);
    expect([...stream.get("s").data]).toEqual([5, 6]);
    const before = stream.get("s#2");
    await stream.stepAsync(at(1));
    expect([...stream.get("s#2").data]).toEqual([5, 6]);
    expect(before.data).not.toEqual(stream.get("s#2").data);
  });

  test("a given initial state, kept by reset", async () => {
    const { model } = await start();
    const stream = await model.stream({
      batch: 2,
      initial: {
        h: [
          [1, 0],
          [0, 1],
        ],
      },
    });
    expect(nested(stream.get("h"))).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect([...stream.get("s").data]).toEqual([0.1, 0.1]);
    await stream.stepAsync({ ...at(0), z });
    await stream.reset();
    expect(nested(stream.get("h"))).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });

  test("new parameters count from the next step", async () => {
    const { model, stream } = await start();
    await model.setParams({
      W: [
        [0, 0, 0],
        [0, 0, 0],
      ],
      U: [
        [0, 0],
        [0, 0],
      ],
      E: Array(V).fill([0, 0]),
      h0: [0, 0],
    });
    const y = await stream.stepAsync({ ...at(0), z });
    expect([...y.h!]).toEqual(z.map(Math.tanh));
  });

  test("refused", async () => {
    const { model, stream } = await start();
    expect(await refusal(() => stream.stepAsync({ x: at(0).x }))).toEqual(["R201 inputs.k"]);
    expect(await refusal(() => stream.stepAsync({ ...at(0), y: [1] }))).toEqual(["R202 inputs.y"]);
    expect(await refusal(() => stream.stepAsync({ ...at(0), k: [1] }))).toEqual(["R203 inputs.k"]);
    expect(await refusal(() => stream.stepAsync({ ...at(0), k: [1, 9] }))).toEqual([
      "R206 inputs.k",
    ]);
    expect(
      await refusal(() =>
        stream.fill({
          x: [
            [1, 2, 3],
            [1, 2, Infinity],
          ],
        }),
      ),
    ).toEqual(["R205 inputs.x[1][2]"]);
    expect(await refusal(() => stream.get("hh"))).toEqual(["R202 states.hh"]);
    expect(await refusal(() => stream.restore({}))).toEqual([
      "R201 snapshot.h",
      "R201 snapshot.s",
      "R201 snapshot.s#2",
    ]);
    expect(await refusal(() => model.stream({ batch: 0 }))).toEqual(["R203 batch"]);
    expect(await refusal(() => model.stream({ batch: 2, initial: { s: [1] } }))).toEqual([
      "R208 initial.s",
    ]);
    if (!stream.synchronous) expect(await refusal(() => stream.step(at(0)))).toEqual(["R211 "]);
    model.close();
    expect(await refusal(() => stream.stepAsync(at(0)))).toEqual(["R212 "]);
    if (stream.synchronous) expect(await refusal(() => stream.step(at(0)))).toEqual(["R212 "]);
    expect(await refusal(() => model.run({ inputs: inputsOf(batch) }))).toEqual(["R212 "]);
  });
});

test("the synchronous step takes the arrays as they are", async () => {
  const model = await open();
  const stream = await model.stream();
  const [one] = samples(1, 3);
  const { outputs } = await model.run({ inputs: inputsOf([one!]) });
  for (let t = 0; t < 3; t++) {
    stream.inputs.x!.set(one!.x[t]!);
    stream.inputs.k![0] = one!.k[t]!;
    stream.inputs.z!.set(one!.z);
    expect(stream.step().s![0]).toBe(outputs.s!.data[t]);
  }
});

test("an entry without a step does not stream", async () => {
  const artifact = probe();
  const model = await openModel(
    { ...artifact, programs: { ...artifact.programs, step: null, start: null } },
    referenceDevice,
    0,
  );
  expect(await refusal(() => model.stream())).toEqual(["R210 "]);
});
