// From spec to trained model on real data: the monthly CO2 concentration at Mauna Loa (NOAA; in the npm
// package vega-datasets). Each step is a cellc command that you can run by hand; this file only runs
// them in order and compares the numbers of two processes at the end.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const spec = "specs/apps/forecast.cell";
const data = "specs/apps/co2.data.json";
const run = "runs/co2";
const series = "node_modules/vega-datasets/data/co2-concentration.csv";

function cellc(...args) {
  console.log(`\n$ cellc ${args.join(" ")}`);
  const done = spawnSync(process.execPath, ["dist/tools/cellc.js", ...args], {
    cwd: root,
    stdio: "inherit",
  });
  if (done.status !== 0) process.exit(done.status ?? 1);
}

cellc("check", spec);
cellc("gradcheck", spec);
rmSync(join(root, run), { recursive: true, force: true });
cellc("train", spec, "--data", data, "--out", run);
cellc("eval", run, "--period", "12", "--forecasts", `${run}/forecasts.jsonl`);
cellc("inspect", run);
cellc("report", run);

console.log(`\n$ cellc stream ${run} < ${series}     (a second process, one month at a time)`);
const [head, ...rows] = readFileSync(join(root, series), "utf8").trim().split(/\r?\n/);
const names = head.split(",");
const lines = rows.map((row) =>
  JSON.stringify(Object.fromEntries(row.split(",").map((cell, i) => [names[i], cell]))),
);
const answers = execFileSync(process.execPath, ["dist/tools/cellc.js", "stream", run], {
  cwd: root,
  input: `${lines.join("\n")}\n`,
  encoding: "utf8",
  maxBuffer: 1 << 26,
})
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));

const forecasts = readFileSync(join(root, run, "forecasts.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((l) => JSON.parse(l));
const streamed = forecasts.map(({ step }) => answers[step - 1].forecast.target[0]);
for (const i of [0, Math.floor(forecasts.length / 2), forecasts.length - 1]) {
  const { step, predicted, actual } = forecasts[i];
  const month = rows[step].slice(0, 7);
  console.log(
    `${month}  streamed ${streamed[i].toFixed(4)}  eval ${predicted.toFixed(4)}  measured ${actual.toFixed(2)} ppm`,
  );
}
const worst = Math.max(...forecasts.map(({ predicted }, i) => Math.abs(predicted - streamed[i])));
if (!(worst <= 1e-3)) {
  console.error(`the streamed forecasts differ from eval's by ${worst} ppm`);
  process.exit(1);
}
console.log(
  `${forecasts.length} held-out months: the stream gives eval's numbers (largest difference ${worst.toExponential(1)} ppm)`,
);
console.log(
  `\nThe run as a page, with its losses, gradients and gates: open ${run}/report.html in a browser.`,
);
