/** @file Puts peers into bench/.installs, a folder each, never into the project. In: peers. Out: for each that
 *  is not there, the reason. Runs no package's install script. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Python's interpreter is linked as `system-python` once its PyTorch answers.
 * @returns {Promise<Map<string, string>>} reasons by peer
 */
export async function install(peers, home, say) {
  mkdirSync(home, { recursive: true });
  const missing = new Map();
  const python = peers.some((p) => p.with === "python") ? await debianTorch(home, say) : null;
  for (const peer of peers) {
    if (peer.with === "python" && python !== null) missing.set(peer.name, python);
    if (peer.folder === null) continue;
    const failed = await npm(peer, join(home, peer.folder), say);
    if (failed !== null) missing.set(peer.name, failed);
  }
  return missing;
}

/** What `npm install` of these exact versions said, or null. */
async function npm({ packages }, folder, say) {
  const file = join(folder, "package.json");
  const have = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).installed : null;
  if (have === packages.join(" ")) return null;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, JSON.stringify({ private: true }));
  say(`installing ${packages.join(", ")}`);
  try {
    const flags = ["--no-audit", "--no-fund", "--save-exact", "--ignore-scripts"];
    await run("npm", ["install", ...flags, ...packages], { cwd: folder, maxBuffer: 1 << 26 });
  } catch (error) {
    return `npm could not install ${packages.join(", ")}: ${reasonOf(error)}`;
  }
  const made = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...made, installed: packages.join(" ") }));
  return null;
}

/** Debian's PyTorch with OpenBLAS (it links whatever libblas is); why it is not there, or null. */
async function debianTorch(home, say) {
  const link = join(home, "system-python");
  const answers = async (python) => {
    try {
      await run(python, ["-c", "import torch, numpy"]);
      return true;
    } catch {
      return false; // no such interpreter, or one without torch
    }
  };
  if (await answers(link)) return null;
  const python = "/usr/bin/python3";
  if (!(await answers(python))) {
    if (process.getuid?.() !== 0)
      return "Debian's python3-torch is not installed, and apt-get needs root";
    say("installing python3-torch, libopenblas0-pthread (Debian)");
    try {
      const packages = ["python3-torch", "libopenblas0-pthread"];
      await run("apt-get", ["install", "-y", "--no-install-recommends", ...packages], {
        maxBuffer: 1 << 26,
      });
    } catch (error) {
      return `apt-get could not install python3-torch: ${reasonOf(error)}`;
    }
    if (!(await answers(python))) return `${python} has no torch after apt-get installed it`;
  }
  rmSync(link, { force: true });
  symlinkSync(python, link);
  return null;
}

/** The first line that says what went wrong. */
function reasonOf(error) {
  const lines = `${error.stderr ?? ""}\n${error.message ?? error}`.split("\n");
  const found = lines.find((l) => /^(npm error|E:|error)/i.test(l) && !/^npm error code/.test(l));
  return (found ?? lines.find((l) => l.trim() !== "") ?? "no reason given").trim().slice(0, 200);
}
