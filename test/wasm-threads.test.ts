/** @file Threads of the wasm device: the same bits from one, two, three and four. */
import { describe, expect, test } from "vitest";
import type { Device } from "../runtime/devices/device.ts";
import { createSession } from "../runtime/devices/wasm/session.ts";
import { cases } from "./harness/programs.ts";
import { runCase } from "./harness/run-case.ts";

/** Everything is dealt, however small. */
const WORTH = { program: 0, stage: 0, step: 0 };

const dealing = (threads: number): Device => ({
  name: "wasm",
  available: async () => ({ ok: true }),
  open: async (artifact) => createSession(artifact, { fused: false, threads, worth: WORTH }),
});

describe("programs by hand", () => {
  test.each(cases().map((c) => [c.name, c] as const))("%s", async (_, c) => {
    const one = await runCase(dealing(1), c);
    const many = await runCase(dealing(3), c);
    expect(many.outputs).toEqual(one.outputs);
  });
});
