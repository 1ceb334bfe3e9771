import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { explainCommand } from "../cli/explain.ts";
import { Failure } from "../cli/fail.ts";
import { fmtCommand } from "../cli/fmt.ts";

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
  fmtCommand(program);
  explainCommand(program);
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    out.push(error.message);
    return error.code;
  }
}

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

describe("fmt", () => {
  test("rewrites what is not formatted, leaves what is broken, and says so", async () => {
    const loose = file("loose.cell", "fn f( )->[]=1 // one");
    const neat = file("neat.cell", "fn f() -> [] = 1\n");
    const broken = file("broken.cell", "fn f( -> [] = 1");
    expect(await cellc("fmt", loose, neat)).toBe(0);
    expect(readFileSync(loose, "utf8")).toBe("fn f() -> [] = 1 // one\n");
    expect(out).toEqual([`formatted: ${loose}`]);
    expect(await cellc("fmt", broken)).toBe(1);
    expect(readFileSync(broken, "utf8")).toBe("fn f( -> [] = 1");
    expect(out.join("\n")).toContain("error[E1");
  });

  test("--check writes nothing", async () => {
    const loose = file("loose.cell", "fn f( )->[]=1");
    expect(await cellc("fmt", loose, "--check")).toBe(1);
    expect(readFileSync(loose, "utf8")).toBe("fn f( )->[]=1");
    expect(out[0]).toBe(`not formatted: ${loose}`);
  });

  test("--json", async () => {
    const loose = file("loose.cell", "fn f( )->[]=1");
    expect(await cellc("fmt", loose, "--json")).toBe(0);
    expect(JSON.parse(out[0]!)).toEqual({
      files: [{ file: loose, changed: true }],
      written: true,
      diagnostics: [],
    });
  });

  test("a file that is not there", async () => {
    expect(await cellc("fmt", join(folder, "none.cell"))).toBe(1);
  });
});

describe("explain", () => {
  test("prints the page, in any letter case", async () => {
    expect(await cellc("explain", "e107")).toBe(0);
    expect(out[0]).toMatch(/^E107: lag that is not a constant number of steps back\n/);
    expect(out[0]).toContain("\nWrong:\n    cell Smooth<H> {\n");
    expect(out[0]).not.toContain("```");
  });

  test("--json", async () => {
    expect(await cellc("explain", "E107", "--json")).toBe(0);
    expect(JSON.parse(out[0]!)).toMatchObject({
      code: "E107",
      page: expect.stringContaining("# E107"),
    });
  });

  test("lists all codes", async () => {
    expect(await cellc("explain")).toBe(0);
    expect(out).toContain("E102  malformed number");
  });

  test("an unknown code is wrong usage, with the nearest", async () => {
    expect(await cellc("explain", "E1077")).toBe(2);
    expect(out[0]).toContain("did you mean E107?");
  });
});
