// Makes the pictures and numbers of docs/gradients.md: `npm run docs:gradients`. Everything is drawn by seeds.
// Trains five cells on the adding problem, then asks `cellc analyze` before and after. Writes beside itself.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const ROOT = join(HERE, "..", "..");
const WORK = join(ROOT, "runs", "gradients");
const SPEC = "specs/benchmarks/adding.cell";
const MODELS = ["Elman", "LSTM", "Peephole", "GRU", "MGU"];
const STEPS = 60;

function cellc(...args) {
  const run = spawnSync(process.execPath, ["dist/tools/cellc.js", ...args], {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (run.status !== 0) throw new Error(`cellc ${args.join(" ")}\n${run.stderr}`);
  return run.stdout;
}

/** A linear congruential generator: Knuth's MMIX. */
function uniform(seed) {
  let state = BigInt(seed);
  return () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    return Number(state >> 11n) / 2 ** 53;
  };
}

function makeData() {
  const draw = uniform(1997);
  const lines = Array.from({ length: 3000 }, () => {
    const value = Array.from({ length: STEPS }, () => Number(draw().toFixed(6)));
    const marks = [Math.floor((draw() * STEPS) / 2), Math.floor(((1 + draw()) * STEPS) / 2)];
    const marker = value.map((_, t) => (marks.includes(t) ? 1 : 0));
    return JSON.stringify({ value, marker, sum: value[marks[0]] + value[marks[1]] });
  });
  writeFileSync(join(WORK, "adding.jsonl"), `${lines.join("\n")}\n`);
  const declaration = {
    format: "jsonl",
    files: ["adding.jsonl"],
    samples: { kind: "records" },
    inputs: { x: ["value", "marker"] },
    targets: { sum: ["sum"] },
    split: { by: "rows", validation: 0.1, test: 0.1, seed: 1 },
  };
  writeFileSync(join(WORK, "adding.data.json"), JSON.stringify(declaration));
}

rmSync(WORK, { recursive: true, force: true });
mkdirSync(WORK, { recursive: true });
makeData();
const data = join(WORK, "adding.data.json");
const rows = [];
const [first, ...rest] = MODELS;
const before = rest.map((m) => `${SPEC}#Adding${m}`);
const common = ["--data", data, "--lags", String(STEPS), "--runs", "5", "--json"];
const picture = (name) => join(HERE, `${name}.svg`);
const initial = JSON.parse(
  cellc("analyze", SPEC, "--entry", `Adding${first}`, "--compare", ...before, ...common, "--out", picture("initial")),
);
for (const m of MODELS) {
  process.stderr.write(`training Adding${m}\n`);
  cellc("train", SPEC, "--entry", `Adding${m}`, "--data", data, "--out", join(WORK, m));
}
const run = (m) => join(WORK, m);
const trained = JSON.parse(
  cellc("analyze", run(first), "--compare", ...rest.map(run), ...common, "--out", picture("trained")),
);
const number = (x) => (x === null ? "none" : x.toPrecision(2));
const reached = (r) => number(r.gradient.at(-1).median / r.gradient[0].median);
for (const [i, m] of MODELS.entries()) {
  const score = JSON.parse(cellc("eval", run(m), "--json"));
  const [a, b] = [initial, trained].map((r) => [r, ...r.compare][i]);
  const pairs = [
    [reached(a), reached(b)],
    [number(a.half_life), number(b.half_life)],
    [number(a.lyapunov[0].median), number(b.lyapunov[0].median)],
  ];
  rows.push(`| ${m} | ${pairs.map(([x, y]) => `${x} → ${y}`).join(" | ")} | ${number(score.loss)} |`);
}
const head = [
  `| cell | gradient at lag ${STEPS} / at lag 1 | half-life, steps | leading exponent | test error |`,
  "|---|---|---|---|---|",
];
const page = join(ROOT, "docs", "gradients.md");
const text = readFileSync(page, "utf8");
const table = `<!-- numbers -->\n\n${[...head, ...rows].join("\n")}\n\n<!-- end -->`;
writeFileSync(page, text.replace(/<!-- numbers -->[\s\S]*<!-- end -->/, table));
