/** @file A command as a user runs it, in this process. In: the command, arguments. Out: its exit code and what it
 *  printed. Throws what is neither a Failure nor a usage mistake. */
import { Command, CommanderError } from "commander";
import { vi } from "vitest";
import { explainFailure } from "../../cli/fail.ts";

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function runCommand(
  add: (program: Command) => void,
  ...args: readonly string[]
): Promise<Outcome> {
  const out: string[] = [];
  const err: string[] = [];
  const keep = (list: string[]) => (text: unknown) => list.push(String(text)) > 0;
  const spies = [
    vi.spyOn(process.stdout, "write").mockImplementation(keep(out)),
    vi.spyOn(process.stderr, "write").mockImplementation(keep(err)),
  ];
  const program = new Command("cellc").exitOverride();
  add(program);
  for (const command of program.commands) command.exitOverride();
  const outcome = (code: number): Outcome => ({ code, stdout: out.join(""), stderr: err.join("") });
  try {
    await program.parseAsync(args, { from: "user" });
    return outcome(0);
  } catch (error) {
    if (error instanceof CommanderError) return outcome(error.exitCode === 0 ? 0 : 2);
    const { text, code } = explainFailure(error);
    if (text.startsWith("cellc has a bug")) throw error;
    err.push(text);
    return outcome(code);
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
