/** @file A model in a user's page: loaded from its JSON, run, differentiated, streamed, with the numbers
 *  that Node gives. Skipped by name where there is no Chromium. */
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { relativeL2 } from "../../runtime/gradcheck.ts";
import { random } from "../../runtime/random.ts";
import { compileSpec } from "../harness/spec.ts";
import { chromiumPath } from "./browser.ts";
import { bundle } from "./bundle.ts";
import { type Use, type Used, use } from "./user.ts";

const BACKENDS = ["webasm", "auto"] as const;
const [B, T, D, H] = [2, 4, 3, 5];
/** Relative L2: the same float32 kernels; engines may differ in the last bits of exp and tanh. */
const TOLERANCE = 1e-6;

/** As where there is no graphics processor: then "auto" is what it is in Node. */
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"];

const executable = chromiumPath();

if (executable === null) {
  describe.each(BACKENDS)("a page that loads a model on %s", () => {
    test.skip("no Chromium: install Debian's chromium or set CHROMIUM", () => undefined);
  });
} else {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executable, args: FLAGS });
  });
  afterAll(() => browser?.close());

  describe.each(BACKENDS)("a page that loads a model on %s", (backend) => {
    const asked: string[] = [];
    let opened: readonly string[] = [];
    let here: Used;
    let there: Used;

    beforeAll(async () => {
      const page = await open(browser, asked);
      opened = [...asked];
      const wanted = request(backend);
      there = await page.evaluate(
        (r) => (globalThis as unknown as { use(r: Use): Promise<Used> }).use(r),
        wanted,
      );
      await page.close();
      here = await use(wanted);
    }, 60_000);

    test("opens without gpu.js, which comes when the model is loaded", () => {
      const isGpu = (name: string): boolean => name.startsWith("gpu-browser");
      expect(opened).toContain("page.js");
      expect(opened.filter(isGpu)).toEqual([]);
      expect(asked.filter(isGpu)).toHaveLength(1);
    });

    test("computes on the backend that Node does", () => {
      expect(there.backend).toBe(here.backend);
      expect(there.synchronous).toBe(here.synchronous);
      if (backend !== "auto") expect(there.backend).toBe(backend);
    });

    test.each(["outputs", "final", "grads", "streamed"] as const)("%s are Node's", (what) => {
      const got = flat(there[what]);
      const want = flat(here[what]);
      expect(got).toHaveLength(want.length);
      expect(got.some((x) => x !== 0)).toBe(true);
      expect(relativeL2(got, want, 0)).toBeLessThanOrEqual(TOLERANCE);
    });

    test("streams what it runs", () => {
      const whole = flat(there.outputs.h).slice(0, T * H);
      expect(relativeL2(flat(there.streamed), whole, 0)).toBeLessThanOrEqual(TOLERANCE);
    });
  });
}

/** The page, open. What it asks for is answered here, from the bundle, and noted; no server, no network. */
async function open(browser: Browser, asked: string[]): Promise<Page> {
  const { files } = await bundle("test/browser/user-page.ts");
  const page = await browser.newPage();
  await page.route("**/*", (route) => {
    const name = new URL(route.request().url()).pathname.slice(1);
    asked.push(name);
    const file = files.get(name);
    return file === undefined
      ? route.fulfill({
          contentType: "text/html",
          body: '<!doctype html><script type="module" src="/page.js"></script>',
        })
      : route.fulfill({ contentType: "text/javascript", body: Buffer.from(file) });
  });
  await page.goto("http://localhost/");
  await page.waitForFunction(() => "use" in globalThis);
  return page;
}

/** The artifact as its file has it, and numbers at random. */
function request(backend: Use["backend"]): Use {
  const { normal } = random(3, "a user's page");
  const list = <R>(count: number, one: () => R): R[] => Array.from({ length: count }, one);
  const x = list(B, () => list(T, () => list(D, normal)));
  const upstream = list(B, () => list(T, () => list(H, normal)));
  const artifact = compileSpec({
    file: "cells/peephole.cell",
    entry: "PeepholeLSTM",
    dims: { D, H },
  });
  return { artifact: JSON.stringify(artifact), backend, x, upstream, steps: x[0]! };
}

/** Every number of a structure, in its order. */
function flat(value: unknown): readonly number[] {
  if (typeof value === "number") return [value];
  return Object.values(value as object).flatMap(flat);
}
