/** @file Runs a script that prints a JSON line for each finding. In: a command. Out: its lines, when each
 *  came, and how it ended. Ends with the run that it belongs to. */
import { spawn } from "node:child_process";

/** OpenBLAS, MKL and OpenMP read their thread counts when they start. */
const threadsEnv = (threads) => ({
  OMP_NUM_THREADS: String(threads),
  MKL_NUM_THREADS: String(threads),
  OPENBLAS_NUM_THREADS: String(threads),
  PYTHONDONTWRITEBYTECODE: "1",
});

/**
 * `limit`: seconds after which it is killed; `signal`: ends it at once.
 * @returns {Promise<{ lines: object[], failed: string | null }>}
 */
export function linesOf({ command, args, cwd, threads = 1, env = {}, limit = 900, signal }) {
  return new Promise((done) => {
    const started = performance.now();
    const lines = [];
    let rest = "";
    let errors = "";
    let late = false;
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...threadsEnv(threads), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const kill = () => child.kill("SIGKILL");
    const timer = setTimeout(() => {
      late = true;
      kill();
    }, limit * 1000);
    signal?.addEventListener("abort", kill);
    child.stdout.on("data", (data) => {
      const parts = `${rest}${data}`.split("\n");
      rest = parts.pop();
      for (const part of parts.filter((p) => p.startsWith("{")))
        lines.push({ ...JSON.parse(part), wall_ms: performance.now() - started });
    });
    child.stderr.on("data", (data) => {
      errors = `${errors}${data}`.slice(-4000);
    });
    const end = (failed) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", kill);
      done({ lines, failed });
    };
    child.on("error", (error) => end(error.message));
    child.on("close", (code, by) => {
      if (late) end(`took longer than ${limit} s`);
      else if (code === 0) end(null);
      else
        end(signal?.aborted ? "interrupted" : `${lastLine(errors)} (${by ?? `exit code ${code}`})`);
    });
  });
}

function lastLine(text) {
  const lines = text.split("\n").filter((l) => l.trim() !== "");
  return (lines.findLast((l) => /error/i.test(l)) ?? lines.at(-1) ?? "no message")
    .trim()
    .slice(0, 200);
}
