/** @file A gallery as its readers see it: no error, no request, diagrams and equations set in the page's own
 *  fonts, the numbers of the JSON, and no page wider than a phone. Skipped by name without Chromium. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DocFacts } from "../../cli/doc/facts.ts";
import { writeGallery } from "../../cli/doc/gallery.ts";
import { chromiumPath } from "./browser.ts";

const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"];

const CELLS = `/// A gated cell with a <peephole>. Nobody 1999 (arXiv:1234.56789), eq. 1.
cell Base<D, H> {
  input x: [D]
  state h: [H] = 0
  param W_z, W_n: [H, D] ~ glorot_uniform
  param U_z, U_n: [H, H] ~ orthogonal
  gate z[t] = sigmoid(W_z @ x[t] + U_z @ h[t-1])
  h[t] = z[t] * h[t-1] + (1 - z[t]) * tanh(W_n @ x[t] + U_n @ h[t-1])
  output h
}

/// With a part more. Nobody 1999.
cell ChildOfALongNameIndeedLonger<D, H> extends Base<D, H> {
  param p, q: [H] ~ zeros
  gate z[t] = sigmoid(W_z @ x[t] + U_z @ h[t-1] + p * h[t-1])
  let r[t] = squash(h[t-1] / (1 + abs(q))) + concat(h[t-1], h[t-1]) @ transpose(R)
  h[t] = z[t] * r[t] + (1 - z[t]) * tanh(W_n @ x[t] + U_n @ h[t-1])
  param R: [H, 2 * H] ~ normal(0, 0.1)
}

/// Into (-1, 1).
fn squash(v: [N]) -> [N] = v / (1 + abs(v))
`;

const MODEL = `import { ChildOfALongNameIndeedLonger } from "./cells"

/// A model. Nobody 1999.
model Both<D, K, H = 8> {
  input x: [T, D]
  let e = x | bidirectional(ChildOfALongNameIndeedLonger<H>, merge = concat) | dropout(0.2)
  output y = e | dense(K)
}

train Both {
  loss mse(y, next: [T, K])
  optimizer adam(lr = 1e-3)
}
`;

const executable = chromiumPath();

if (executable === null)
  test.skip("a gallery in Chromium: install Debian's chromium or set CHROMIUM", () => undefined);
else
  describe("a gallery in Chromium", () => {
    let folder: string;
    let browser: Browser;
    let pages: readonly string[];

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), "cellc-"));
      mkdirSync(join(folder, "specs"));
      writeFileSync(join(folder, "specs", "cells.cell"), CELLS);
      writeFileSync(join(folder, "specs", "model.cell"), MODEL);
      const out = join(folder, "site");
      const progress = (): void => undefined;
      const request = {
        folder: join(folder, "specs"),
        out,
        set: { D: 3, K: 2 },
        json: false,
        progress,
      };
      pages = (await writeGallery(request)).map((p) => join(out, p.page));
      browser = await chromium.launch({ executablePath: executable, args: FLAGS });
    }, 60_000);
    afterAll(async () => {
      await browser?.close();
      rmSync(folder, { recursive: true });
    });

    /** Opens a page; fails on errors and on requests to anything but itself. */
    async function read<T>(
      path: string,
      width: number,
      look: (page: Page) => Promise<T>,
    ): Promise<T> {
      const page = await browser.newPage({ viewport: { width, height: 800 } });
      const wrong: string[] = [];
      page.on("console", (m) => wrong.push(m.text()));
      page.on("pageerror", (e) => wrong.push(e.message));
      const url = pathToFileURL(path).href;
      page.on("request", (r) => {
        if (r.url() !== url && !r.url().startsWith("data:")) wrong.push(r.url());
      });
      await page.goto(url);
      await page.evaluate(() => document.fonts.ready.then(() => undefined));
      const seen = await look(page);
      await page.close();
      expect(wrong).toEqual([]);
      return seen;
    }

    test("has a page for each entry and each file of functions, and an index", () => {
      const names = readdirSync(join(folder, "site")).sort();
      expect(names).toEqual([
        "cells.Base.html",
        "cells.ChildOfALongNameIndeedLonger.html",
        "cells.html",
        "index.html",
        "model.Both.html",
      ]);
      expect(pages).toHaveLength(5);
    });

    test("no page is wider than the screen, asks for anything or lacks a font", async () => {
      for (const path of pages)
        for (const width of [1200, 360]) {
          const seen = await read(path, width, (page) =>
            page.evaluate(() => {
              const loaded = new Set([...document.fonts].map((f) => `${f.family} ${f.style}`));
              const lacking = [...document.querySelectorAll(".katex-html *")].flatMap((e) => {
                const style = getComputedStyle(e);
                const family = style.fontFamily.split(",")[0]!.replaceAll('"', "");
                const hasText = [...e.childNodes].some(
                  (n) => n.nodeType === 3 && n.textContent !== "",
                );
                const key = `${family} ${style.fontStyle}`;
                return hasText && !loaded.has(key) ? [`${key}: ${e.textContent}`] : [];
              });
              const failed = [...document.fonts].filter((f) => f.status === "error").length;
              return { width: document.documentElement.scrollWidth, lacking, failed };
            }),
          );
          expect(seen, `${path} at ${width}`).toEqual({ width, lacking: [], failed: 0 });
        }
    });

    test("a cell's page shows its diagram, equations and the numbers of its data", async () => {
      const seen = await read(
        join(folder, "site", "cells.ChildOfALongNameIndeedLonger.html"),
        1000,
        (page) =>
          page.evaluate(() => {
            const texts = (q: string): string[] =>
              [...document.querySelectorAll(q)].map((e) => e.textContent ?? "");
            return {
              data: document.querySelector("#data")!.textContent ?? "",
              nodes: [...document.querySelectorAll("figure .diagram .node")].map((e) =>
                e.getAttribute("data-id"),
              ),
              equations: [...document.querySelectorAll("#equations .equation")].map(
                (e) => `${e.getAttribute("data-name")} ${e.querySelectorAll(".katex math").length}`,
              ),
              parameters: texts("#parameters tbody tr td:last-child"),
              total: texts("#parameters caption")[0] ?? "",
              relatives: [...document.querySelectorAll(".comparison")].map((e) =>
                e.getAttribute("data-other"),
              ),
              marked: texts(".pairs .katex-html .marked"),
              links: [...document.querySelectorAll("header a, .comparison a")].map((a) =>
                a.getAttribute("href"),
              ),
            };
          }),
      );
      const facts = JSON.parse(seen.data) as DocFacts;
      expect(seen.nodes).toEqual(facts.diagram.nodes.map((n) => n.id));
      expect(seen.equations).toEqual(["z 1", "r 1", "h 1"]);
      expect(seen.parameters).toEqual(facts.work.tensors.map((t) => t.count.toLocaleString("en")));
      expect(seen.total).toContain(
        `${facts.work.parameters.toLocaleString("en")} parameters at D = 3, H = 128`,
      );
      expect(seen.relatives).toEqual(["Base"]);
      const marked = seen.marked.map((m) => m.replace(/\u200b/g, ""));
      expect(marked).toContain("p⊙ht−1");
      expect(seen.links).toContain("cells.Base.html");
    });

    test("the index leads to every page", async () => {
      const links = await read(join(folder, "site", "index.html"), 800, (page) =>
        page.evaluate(() =>
          [...document.querySelectorAll(".card a")].map((a) => a.getAttribute("href")).sort(),
        ),
      );
      expect(links).toEqual([
        "cells.Base.html",
        "cells.ChildOfALongNameIndeedLonger.html",
        "cells.html",
        "model.Both.html",
      ]);
    });
  });
