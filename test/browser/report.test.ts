/** @file A report in a browser: no fault, no request, pictures with the numbers of the JSON, on a phone, by
 *  keyboard; and a live one, which follows a run until Ctrl-C ends both. Skipped where there is no Chromium. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Page } from "playwright-core";
import { build } from "rolldown";
import { afterAll, describe, expect, test } from "vitest";
import type { Report } from "../../cli/report/facts.ts";
import { reportCommand } from "../../cli/report.ts";
import { tools } from "../../rolldown.config.mjs";
import { runCommand } from "../harness/command.ts";
import { smallRun, smallTask } from "../harness/small-run.ts";
import { chromiumPath } from "./browser.ts";
import { visit } from "./report-page.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const executable = chromiumPath();
const folder = mkdtempSync(join(tmpdir(), "cellc-report-page-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Width of the page against that of the window. */
const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

const textsOf = (page: Page, selector: string): Promise<readonly string[]> =>
  page.locator(selector).allTextContents();

describe.skipIf(executable === null)("a report in a browser (Chromium)", () => {
  test("shows the numbers of the JSON, on a phone too, by keyboard", async () => {
    await smallRun(folder, "run");
    const file = join(folder, "report.html");
    const run = join(folder, "run");
    const made = await runCommand(reportCommand, "report", run, "--json", "-o", file);
    const report = JSON.parse(made.stdout) as Report;
    const { result, faults } = await visit(executable!, file, async (page) => {
      await page.setViewportSize({ width: 360, height: 740 });
      const phone = await overflow(page);
      const focused: string[] = [];
      for (let i = 0; i < 12; i++) {
        await page.keyboard.press("Tab");
        focused.push(await page.evaluate(() => document.activeElement?.textContent?.trim() ?? ""));
      }
      const outlined = await page.evaluate(
        () => getComputedStyle(document.activeElement!).outlineStyle,
      );
      await page.setViewportSize({ width: 1280, height: 900 });
      return {
        phone,
        desktop: await overflow(page),
        focused,
        outlined,
        data: await page.evaluate(() => document.getElementById("data")!.textContent),
        titles: await textsOf(page, "svg > title"),
        facts: Object.fromEntries(
          (await textsOf(page, ".facts dt")).map((t, i) => [t, i] as const),
        ),
        values: await textsOf(page, ".facts dd"),
        epochs: await textsOf(page, "#part-epochs tbody tr"),
        points: await page
          .locator("#metric-rmse [aria-label*='rmse:']")
          .evaluateAll((marks) =>
            marks.flatMap((m) =>
              m.getAttribute("aria-roledescription") === "point"
                ? [m.getAttribute("aria-label")!]
                : [],
            ),
          ),
        source: await page.locator(".source").first().textContent(),
      };
    });
    expect(faults).toEqual([]);
    expect(JSON.parse(result.data!)).toEqual(report);
    expect([result.phone, result.desktop]).toEqual([0, 0]);
    const [facts] = report.runs;
    expect(result.titles).toEqual(
      expect.arrayContaining([
        "Loss over updates",
        "Gradient by parameter",
        "Gradient by lag: h",
        "Values of gate z",
        "Learning rate",
        "Throughput",
      ]),
    );
    const value = (name: string): string => result.values[result.facts[name]!]!;
    expect(value("updates")).toBe(String(facts!.progress.steps));
    expect(value("best validation loss")).toContain(facts!.progress.best!.val_loss.toPrecision(4));
    expect(value("clipped updates")).toBe(`${facts!.progress.clipped} of ${facts!.progress.steps}`);
    expect(value("gradient check")).toBe("within tolerance");
    expect(result.epochs).toHaveLength(facts!.epochs.length);
    for (const [i, { train_loss }] of facts!.epochs.entries())
      expect(result.epochs[i]).toContain(train_loss.toPrecision(4));
    const drawn = result.points.map((label) => Number(/rmse: ([-\d.e]+)/.exec(label)![1]));
    const rmse = facts!.epochs.map((e) => e.val_metrics.find((m) => m.name === "rmse")!.value);
    expect(drawn).toHaveLength(rmse.length);
    for (const [i, x] of rmse.entries()) expect(drawn[i]! / x).toBeCloseTo(1, 6);
    expect(result.focused.slice(0, 3)).toEqual(["Skip to the content", "Loss", "Metrics"]);
    expect(result.outlined).toBe("solid");
    expect(result.source).toContain("Keeps or takes; <b>not markup</b> & no entity.");
  });

  test("follows a run in training; Ctrl-C saves the run and ends all", async () => {
    const out = join(ROOT, "node_modules", ".cellc-built");
    await build({ ...tools, output: { ...tools.output, dir: out } });
    const task = smallTask(folder, "live");
    const options = ["--epochs", "100000", "--backend", "wasm", "--watch"];
    const browser = await chromium.launch({
      executablePath: executable!,
      args: ["--headless", "--no-sandbox"],
    });
    const training = spawn(process.execPath, [join(out, "cellc.js"), ...task, ...options]);
    try {
      let said = "";
      const exit = new Promise<number | null>((done) => training.on("exit", done));
      const url = await new Promise<string>((found, failed) => {
        void exit.then((code) => failed(new Error(`ended with ${code}: ${said}`)));
        training.stderr.on("data", (piece) => {
          said += String(piece);
          const match = /http:\/\/127\.0\.0\.1:\d+\//.exec(said);
          if (match !== null) found(match[0]);
        });
      });
      const page = await browser.newPage();
      const faults: string[] = [];
      page.on("console", (m) => m.type() === "error" && faults.push(m.text()));
      page.on("pageerror", (e) => faults.push(String(e)));
      page.on(
        "request",
        (r) => r.url().startsWith(url) || r.url().startsWith("data:") || faults.push(r.url()),
      );
      await page.goto(url);
      const updates = (): Promise<number> =>
        page.evaluate(() => {
          const at = [...document.querySelectorAll(".facts dt")].findIndex(
            (d) => d.textContent === "updates",
          );
          return Number(document.querySelectorAll(".facts dd")[at]?.textContent);
        });
      const first = await updates();
      const closed = page.locator("#part-parameters details");
      await closed.locator("summary").click();
      await expect.poll(updates, { timeout: 60_000 }).toBeGreaterThan(first + 1);
      expect(await closed.getAttribute("open")).not.toBeNull();
      expect(await textsOf(page, ".facts dd")).toContain("training");
      training.kill("SIGINT");
      expect(await exit).toBe(130);
      await expect
        .poll(() => page.locator("#live").textContent(), { timeout: 20_000 })
        .toContain("has ended");
      const last = readFileSync(join(folder, "live", "metrics.jsonl"), "utf8")
        .trim()
        .split("\n");
      const steps = last.flatMap((line) => (line.includes('"lr"') ? [JSON.parse(line).step] : []));
      expect(await updates()).toBe(steps.at(-1));
      expect(steps).toEqual(steps.map((_, i) => i + 1));
      expect(faults).toEqual([]);
      expect(said).toContain("--resume");
    } finally {
      training.kill("SIGKILL");
      await browser.close();
      rmSync(out, { recursive: true, force: true });
    }
  }, 180_000);
});
