/** @file Pages and pictures: escaping, the policy, charts that follow the page's colours. */
import { expect, test } from "vitest";
import { chart, chartFile } from "../cli/page/chart.ts";
import { html, page, raw, tableOf } from "../cli/page/html.ts";

const CHART = {
  width: 200,
  height: 100,
  data: { values: [1, 2, 3].map((x) => ({ x, y: 10 ** -x, of: "<a & b>" })) },
  mark: "line",
  encoding: {
    x: { field: "x", type: "quantitative" },
    y: { field: "y", type: "quantitative", scale: { type: "log" } },
    color: { field: "of", type: "nominal" },
  },
} as const;

test("values are escaped, markup is not, lists are joined", () => {
  expect(html`<p title="${'"'}">${"<b>"}${[raw("<i>"), 1, null]}</p>`.markup).toBe(
    '<p title="&quot;">&lt;b&gt;<i>1</p>',
  );
});

test("a page forbids requests and scripts that it does not have", () => {
  const text = page({ title: "a < b", body: "x", data: { s: "</script><!--" } });
  expect(text).toContain("<title>a &lt; b</title>");
  expect(text).toContain("default-src &#39;none&#39;");
  expect(text).not.toContain("script-src");
  expect(text).not.toContain("connect-src");
  const json = /id="data">(.*?)<\/script>/s.exec(text)?.[1];
  expect(JSON.parse(json ?? "")).toEqual({ s: "</script><!--" });
});

test("columns of numbers stand to the right", () => {
  const { markup } = tableOf([
    ["name", "count"],
    ["a", 1],
    ["b", -2.5],
  ]);
  expect(markup).toContain('<th scope="col">name</th><th scope="col" class="number">count</th>');
  expect(markup).toContain('<td>b</td><td class="number">-2.5</td>');
});

test("a chart takes its colours from the page and says what it shows", async () => {
  const { markup } = await chart(CHART, { title: "falls <fast>", description: "by ten" });
  expect(markup).toContain('<svg role="img" ');
  expect(markup).toContain("<title>falls &lt;fast&gt;</title><desc>by ten</desc>");
  expect(markup).toContain("var(--c1)");
  expect(markup).toContain("&lt;a &amp; b&gt;");
  expect(await chart(CHART, { title: "falls <fast>", description: "by ten" })).toEqual({ markup });
});

test("a chart in a file of its own brings its colours", async () => {
  expect(await chartFile(CHART, { title: "t" })).toContain("</title><style>");
});
