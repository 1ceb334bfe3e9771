/** @file A browser with the page open. In: an executable, or what the system has. Out: runs of cases.
 *  Never reaches beyond loopback; never leaves a process or a profile behind. */
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { chromium } from "playwright-core";
import type { DeviceName } from "../../runtime/devices/table.ts";
import type { Case, CaseResult } from "../harness/run-case.ts";
import { bundle } from "./bundle.ts";
import type { Page } from "./page.ts";

export interface Browser {
  whyNot(backend: DeviceName): Promise<string | null>;
  run(backend: DeviceName, test: Case): Promise<CaseResult>;
  close(): Promise<void>;
}

/** The executable, or null: CHROMIUM, or where Debian puts it. */
export function chromiumPath(): string | null {
  const named = process.env.CHROMIUM;
  if (named !== undefined) return named;
  return existsSync("/usr/bin/chromium") ? "/usr/bin/chromium" : null;
}

/** Graphics by SwiftShader, so that every machine computes the same; nothing that calls home. */
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

export async function openBrowser(executablePath: string): Promise<Browser> {
  const { files } = await bundle("test/browser/page.ts");
  const server = createServer((request, response) => {
    const name = (request.url ?? "/").slice(1);
    const file = files.get(name);
    response.setHeader("content-type", file === undefined ? "text/html" : "text/javascript");
    response.end(file ?? '<!doctype html><script type="module" src="/page.js"></script>');
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.waitForFunction(() => "cellc" in globalThis);
  return {
    whyNot: (backend) =>
      page.evaluate((b) => (globalThis as unknown as { cellc: Page }).cellc.whyNot(b), backend),
    run: (backend, test) =>
      page.evaluate(([b, t]) => (globalThis as unknown as { cellc: Page }).cellc.run(b, t), [
        backend,
        test,
      ] as const),
    close: async () => {
      await browser.close();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
