/** @file `cellc lint` and `cellc check` as they are run: what they print, and their exit codes. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { checkCommand } from "../cli/check.ts";
import { Failure } from "../cli/fail.ts";
import { lintCommand } from "../cli/lint.ts";

let folder = "";
let out: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cellc-"));
  out = [];
  const keep = (text: unknown): boolean => out.push(String(text).trimEnd()) > 0;
  vi.spyOn(process.stdout, "write").mockImplementation(keep);
  vi.spyOn(process.stderr, "write").mockImplementation(keep);
  vi.spyOn(console, "log").mockImplementation((text) => void keep(text));
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** The exit code. */
async function cellc(...args: readonly string[]): Promise<number> {
  const program = new Command("cellc");
  checkCommand(program);
  lintCommand(program);
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    out.push(error.message);
    return error.code;
  }
}

function spec(std: string): string {
  const path = join(folder, "a.cell");
  const text = `cell A<D, H> {
  input x: [D]
  state h: [H] = 0
  param W: [H, D] ~ glorot_uniform
  param U: [H, H] ~ normal(0, ${std})
  h[t] = tanh(W @ x[t] + U @ h[t-1])
  output h
}
`;
  writeFileSync(path, text);
  return path;
}

test("a warning fails lint, and not check", async () => {
  const path = spec("0.5");
  expect(await cellc("lint", path)).toBe(1);
  expect(out[0]).toContain("warning[W305]: recurrent weights `U` start far too large");
  expect(out[0]).toContain(`--> ${path}:5:9`);
  expect(out.at(-1)).toBe("1 warning");
  expect(await cellc("check", path)).toBe(0);
  expect(out.at(-1)).toBe("A: no mistakes, 1 warning");
});

test("without warnings both say so; sizes decide", async () => {
  expect(await cellc("lint", spec("0.1"))).toBe(0);
  expect(out).toEqual(["A: no warnings"]);
  expect(await cellc("lint", spec("0.1"), "--set", "H=1024")).toBe(1);
  expect(await cellc("lint", spec("0.5"), "--set", "H=8", "--set", "D=2")).toBe(0);
});

test("--json prints one object, whatever the outcome", async () => {
  const path = spec("0.5");
  expect(await cellc("lint", path, "--json")).toBe(1);
  const { files, diagnostics } = JSON.parse(out[0]!);
  expect(files).toEqual([path]);
  expect(diagnostics).toMatchObject([{ code: "W305", severity: "warning", line: 5, column: 9 }]);
  expect(out.slice(1)).toEqual([""]);
});

test("a dim that no cell has is wrong usage; an error is an error", async () => {
  expect(await cellc("lint", spec("0.1"), "--set", "Q=3")).toBe(2);
  expect(out.at(-1)).toBe("error: --set Q: no cell has a dim of that name");
  const broken = join(folder, "b.cell");
  writeFileSync(broken, "cell B {\n");
  expect(await cellc("lint", broken)).toBe(1);
  expect(out[0]).not.toContain("error[W");
  expect(await cellc("lint", join(folder, "none.cell"))).toBe(1);
});
