/** @file Threads in a user's page: the bits of one thread where the page is cross-origin isolated; where it
 *  is not, an error if they are asked for, and one thread if not. Skipped by name where there is no Chromium. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { relativeL2 } from "../../runtime/gradcheck.ts";
import { random } from "../../runtime/random.ts";
import { compileSpec } from "../harness/spec.ts";
import { chromiumPath } from "./browser.ts";
import { bundle } from "./bundle.ts";
import { type Use, type Used, use } from "./user.ts";

const ISOLATED = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};
/** Work enough that two threads share it. */
const [B, T, D, H] = [32, 12, 8, 32];
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"];
const executable = chromiumPath();

if (executable === null) {
  describe("threads in a page", () => {
    test.skip("no Chromium: install Debian's chromium or set CHROMIUM", () => undefined);
  });
} else {
  let browser: Browser;
  let server: Server;
  beforeAll(async () => {
    server = await serve();
    browser = await chromium.launch({ executablePath: executable, args: FLAGS });
  });
  afterAll(async () => {
    await browser?.close();
    server?.closeAllConnections();
    server?.close();
  });

  const inPage = async (path: string, wanted: Use): Promise<Used> => {
    const page = await browser.newPage();
    try {
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`);
      await page.waitForFunction(() => "use" in globalThis);
      return await page.evaluate(
        (r) => (globalThis as unknown as { use(r: Use): Promise<Used> }).use(r),
        wanted,
      );
    } finally {
      await page.close();
    }
  };

  describe("threads in a page", () => {
    test("that is isolated give the bits of one, and Node's numbers", async () => {
      const one = await inPage("isolated", request(1));
      const two = await inPage("isolated", request(2));
      expect([one.threads, two.threads]).toEqual([1, 2]);
      expect({ ...two, threads: 1 }).toEqual(one);
      const here = await use(request(1));
      expect(relativeL2(flat(two.grads), flat(here.grads), 0)).toBeLessThanOrEqual(1e-5);
      expect(two.executor).toBe("relaxed-simd");
    }, 60_000);

    test("that is not are refused, or left out", async () => {
      await expect(inPage("plain", request(2))).rejects.toThrow(/R402 threads: .*isolated/);
      const { threads, executor } = await inPage("plain", request("auto"));
      expect(threads).toBe(1);
      expect(executor).toMatch(/one thread: .*isolated/);
    }, 60_000);
  });
}

async function serve(): Promise<Server> {
  const { files } = await bundle("test/browser/user-page.ts");
  const server = createServer((asked, response) => {
    const name = (asked.url ?? "/").slice(1);
    const file = files.get(name);
    if (name !== "plain")
      for (const [header, value] of Object.entries(ISOLATED)) response.setHeader(header, value);
    response.setHeader("content-type", file === undefined ? "text/html" : "text/javascript");
    response.end(file ?? '<!doctype html><script type="module" src="/page.js"></script>');
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return server;
}

function request(threads: number | "auto"): Use {
  const { normal } = random(3, "a user's threads");
  const list = <R>(count: number, one: () => R): R[] => Array.from({ length: count }, one);
  const x = list(B, () => list(T, () => list(D, normal)));
  const upstream = list(B, () => list(T, () => list(H, normal)));
  const dims = { D, H };
  const artifact = compileSpec({ file: "cells/peephole.cell", entry: "PeepholeLSTM", dims });
  const steps = x[0]!;
  return { artifact: JSON.stringify(artifact), backend: "wasm", threads, x, upstream, steps };
}

/** Every number of a structure, in its order. */
function flat(value: unknown): readonly number[] {
  if (typeof value === "number") return [value];
  return Object.values(value as object).flatMap(flat);
}
