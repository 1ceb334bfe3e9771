/** @file Processes beside the workloads. In: what is wanted. Out: jobs: limits of the machine, and what is
 *  measured of cellc alone. Each prints lines of JSON. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";

/** Limits of the machine, and what is measured of cellc alone. */
export function extraJobs({ wanted, options, home, root, say }) {
  const node = (name, file, ...args) => ({
    name,
    command: process.execPath,
    args: [file, ...args],
  });
  const quick = options.quick ? ["--quick"] : [];
  const jobs = [];
  if (wanted("limits")) {
    jobs.push(node("limits of wasm", "limits/wasm.mjs", ...quick));
    const native = machineLimits(home, root, say);
    const python = join(home, "system-python");
    for (const t of options.threads) {
      if (native !== null && (!options.quick || t === 1))
        jobs.push({
          name: "limits of the machine",
          command: native,
          args: [String(t), options.quick ? "5" : "40"],
          threads: t,
        });
      if (existsSync(python) && !options.quick)
        jobs.push({
          name: "limits of BLAS",
          command: python,
          args: ["limits/blas.py"],
          threads: t,
        });
    }
  }
  if (wanted("sizes")) jobs.push(node("sizes", "ours/sizes.mjs", "--home", home));
  if (wanted("compile"))
    for (let i = 0; i < (options.quick ? 1 : 3); i++)
      for (const T of ["16", "4096"])
        jobs.push(node(`compile time, T = ${T}`, "ours/compile-time.mjs", "--T", T));
  if (wanted("streaming")) {
    const steps = options.quick ? "200000" : "1000000";
    const job = node(`streaming ${steps} steps`, "ours/streaming.mjs", "--steps", steps);
    jobs.push({ ...job, args: ["--expose-gc", ...job.args] });
  }
  if (wanted("backends"))
    jobs.push(node("every spec on every backend", "ours/backends.mjs", ...quick));
  return jobs;
}

/** The program of limits/machine.c, built where there is a C compiler; else null, and said. */
function machineLimits(home, root, say) {
  const program = join(home, "machine");
  mkdirSync(home, { recursive: true });
  try {
    const flags = ["-O3", "-march=native", "-pthread"];
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
