/** @file Artifacts changed at random: refused with a reason, or still artifacts that run. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Artifact, Programs } from "../runtime/artifact/artifact.ts";
import { validate as check } from "../runtime/artifact/check.generated.ts";
import { elements, shapeOf } from "../runtime/artifact/extent.ts";
import { load, parse } from "../runtime/artifact/load.ts";
import { validate } from "../runtime/artifact/validate.generated.ts";
import { DeviceError } from "../runtime/devices/device.ts";
import { referenceDevice } from "../runtime/devices/reference.ts";
import { probe } from "./harness/probe.ts";

/** Every object, list and scalar of a JSON value, as where it hangs. */
function places(
  json: unknown,
): { readonly parent: Record<string, unknown>; readonly key: string }[] {
  if (typeof json !== "object" || json === null) return [];
  const parent = json as Record<string, unknown>;
  return Object.keys(parent).flatMap((key) => [{ parent, key }, ...places(parent[key])]);
}

/** Runs a program on numbers of its own; a DeviceError is an answer, anything else is not. */
async function runs(artifact: Artifact, name: keyof Programs): Promise<void> {
  const program = artifact.programs[name];
  if (program === null) return;
  const sizes = { B: 2, T: 3, S: 2 };
  const session = await referenceDevice.open(artifact);
  try {
    for (const { name: input, buffer } of program.inputs) {
      const shape = shapeOf(program.buffers[buffer]!.shape, sizes);
      session.write(input, new Float64Array(elements(shape)).fill(1), shape);
    }
    await session.run(name, sizes);
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
  }
}

describe("mutated artifacts are refused with a reason, or are artifacts", () => {
  const OTHER = [
    0,
    1,
    2,
    3,
    -1,
    7,
    0.5,
    1e9,
    "",
    "T",
    "B",
    "S",
    "x",
    "h",
    "param:W",
    "tanh",
    "__proto__",
    null,
    true,
    [],
    {},
    [[]],
    [1, "T"],
  ];
  const mutation = fc.record({
    program: fc.constantFrom("", "forward", "gradientMasked", "step"),
    where: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    how: fc.constantFrom("replace", "replace", "remove", "copy", "duplicate"),
    other: fc.constantFrom(...OTHER),
    from: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  });

  test("at any place, in any way, up to three at once", { timeout: 120_000 }, async () => {
    let [refused, taken] = [0, 0];
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 3 }), async (mutations) => {
        const json = probe();
        for (const { program, where, how, other, from } of mutations) {
          const root = program === "" ? json : json.programs[program as keyof Programs];
          const all = places(root);
          if (all.length === 0) continue;
          const { parent, key } = all[Math.floor(where * all.length)]!;
          const source = all[Math.floor(from * all.length)]!;
          if (how === "remove") {
            if (Array.isArray(parent)) parent.splice(Number(key), 1);
            else delete parent[key];
          } else if (how === "duplicate" && Array.isArray(parent))
            parent.push(structuredClone(parent[Number(key)]));
          else parent[key] = structuredClone(how === "copy" ? source.parent[source.key] : other);
        }
        const result = await load(json);
        expect(check(json)).toBe(validate(json));
        if (result.ok) {
          taken += 1;
          for (const name of ["forward", "gradientMasked", "step"] as const)
            await runs(result.value, name);
          return;
        }
        refused += 1;
        expect(result.faults.length).toBeGreaterThan(0);
        for (const { code, message, path } of result.faults) {
          expect(code).toMatch(/^R10\d$/);
          expect(message).not.toBe("");
          expect(typeof path).toBe("string");
        }
      }),
      { seed: 2024, numRuns: 600 },
    );
    expect(refused).toBeGreaterThan(300);
    expect(taken).toBeGreaterThan(20);
  });

  test("text cut, or with characters changed", async () => {
    const text = JSON.stringify(probe());
    await fc.assert(
      fc.asyncProperty(
        fc.nat(text.length - 1),
        fc.nat(3),
        fc.string({ maxLength: 3 }),
        async (from, removed, put) => {
          const result = await parse(text.slice(0, from) + put + text.slice(from + removed));
          if (!result.ok) expect(result.faults[0]!.message).not.toBe("");
        },
      ),
      { seed: 7, numRuns: 200 },
    );
  });

  test("any JSON", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (json) => {
        expect(await load(json)).toMatchObject({ ok: false });
      }),
      { seed: 8, numRuns: 200 },
    );
  });
});
