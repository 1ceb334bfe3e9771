/** @file A page of ours in a browser. In: an HTML file. Out: what a test asks it, and every fault: errors on the
 *  console, requests to anywhere. Never leaves a browser behind. */
import { pathToFileURL } from "node:url";
import { chromium, type Page } from "playwright-core";

export interface Visit<T> {
  readonly result: T;
  readonly faults: readonly string[];
}

export async function visit<T>(
  executablePath: string,
  file: string,
  ask: (page: Page) => Promise<T>,
): Promise<Visit<T>> {
  const args = ["--headless", "--no-sandbox", "--disable-background-networking"];
  const browser = await chromium.launch({ executablePath, args });
  try {
    const page = await browser.newPage();
    const faults: string[] = [];
    const own = pathToFileURL(file).href;
    page.on("console", (m) => {
      if (m.type() === "error" || m.type() === "warning") faults.push(m.text());
    });
    page.on("pageerror", (e) => faults.push(String(e)));
    page.on("request", (r) => {
      if (r.url() !== own && !r.url().startsWith("data:")) faults.push(`request: ${r.url()}`);
    });
    await page.goto(own);
    return { result: await ask(page), faults };
  } finally {
    await browser.close();
  }
}
