/** @file Processes beside the workloads. In: what is wanted. Out: tasks: limits of the machine (`first`), and
 *  what is measured of cellc alone. Each prints lines of JSON. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";

const LIMIT = 900;

export function extraJobs({ wanted, options, home, root, say }) {
  const node = (name, ...args) => ({ name, limit: LIMIT, command: process.execPath, args });
  const quick = options.quick ? ["--quick"] : [];
  const tasks = [];
  if (wanted("limits")) tasks.push(...limitTasks({ options, home, root, say, node, quick }));
  if (wanted("threads") && options.threads.includes(2))
    for (const setting of [[], ["--vectors", "256"]]) {
      const args = ["peers/cellc.mjs", "--pairs", "--only", "W2,W3", ...quick, ...setting];
      const name = ["one thread and two in turn", ...setting.slice(1)].join(", ");
      tasks.push({ ...node(name, ...args), env: { PEERS_HOME: home } });
    }
  if (wanted("compile"))
    for (let i = 0; i < (options.quick ? 1 : 7); i++)
      for (const T of ["16", "4096"])
        tasks.push(node(`compile time, T = ${T}`, "ours/compile-time.mjs", "--T", T));
  if (wanted("streaming")) {
    const steps = options.quick ? "200000" : "1000000";
    const args = ["--expose-gc", "ours/streaming.mjs", "--steps", steps];
    tasks.push(node(`streaming ${steps} steps`, ...args));
  }
  if (wanted("sizes")) tasks.push(node("sizes", "ours/sizes.mjs", "--home", home, ...quick));
  if (wanted("backends"))
    tasks.push(node("every spec on every backend", "ours/backends.mjs", ...quick));
  return tasks;
}

function limitTasks({ options, home, root, say, node, quick }) {
  const tasks = [{ ...node("limits of wasm", "limits/wasm.mjs", ...quick), first: true }];
  const native = machineLimits(home, root, say);
  const python = join(home, "system-python");
  for (const threads of options.quick ? [1] : options.threads) {
    const common = { limit: LIMIT, threads, first: true };
    if (native !== null) {
      const args = [String(threads), options.quick ? "5" : "40"];
      tasks.push({ ...common, name: "limits of the machine", command: native, args });
    }
    if (existsSync(python) && !options.quick)
      tasks.push({ ...common, name: "limits of BLAS", command: python, args: ["limits/blas.py"] });
  }
  return tasks;
}

/** The program of limits/machine.c, built where there is a C compiler; else null, and said. */
function machineLimits(home, root, say) {
  const program = join(home, "machine");
  mkdirSync(home, { recursive: true });
  const flags = ["-O3", "-march=native", "-pthread"];
  try {
    execFileSync("cc", [...flags, "-o", program, join(root, "limits", "machine.c")], {
      stdio: "ignore",
    });
    return program;
  } catch {
    say("limits of the machine are left out: no C compiler (cc)");
    return null;
  }
}

/** The key of a limit in the results. */
export const limitName = ({ limit, H, shape, working_set_kib, threads }) =>
  [
    limit,
    ...(H === undefined ? [] : [`H = ${H}`]),
    ...(shape === undefined || limit.includes("kernel") ? [] : [shape]),
    ...(working_set_kib === undefined ? [] : [`${working_set_kib} KiB`]),
    `${threads} thread${threads > 1 ? "s" : ""}`,
  ].join(", ");
