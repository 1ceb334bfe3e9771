#!/usr/bin/env node
/** @file The `cellc` command. In: arguments. Out: exit code 0, 1 where the user's input has mistakes,
 *  2 where the command was wrong or cannot run here, 130 after Ctrl-C. Commands have files of their own. */
import { Command, CommanderError } from "commander";
import { COMMANDS } from "./commands.ts";
import { explainFailure } from "./fail.ts";
import { packageVersion } from "./package.ts";
import { isTested, widen } from "../runtime/devices/wasm/wide.ts";

// The process is this command's own: vectors of 256 bits, unless --vectors says otherwise.
if (isTested()) widen();

const program = new Command("cellc")
  .description(
    "Recurrent cells written as equations: checked, compiled to fused kernels with a generated backward pass, trained and streamed.",
  )
  .version(packageVersion())
  .showHelpAfterError("(see cellc --help)")
  .addHelpText(
    "after",
    "\nStart here:\n  cellc new forecast my-app      a spec, data and a train block to change\n  cellc check my-app/model.cell  every mistake, with its place and a way out\n",
  )
  .exitOverride();
for (const add of COMMANDS) add(program);
for (const command of program.commands)
  command.exitOverride().showHelpAfterError(`(see cellc ${command.name()} --help)`);

// A reader that has seen enough (`cellc dump … | head`) is no mistake.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    const { text, code } = explainFailure(error);
    process.stderr.write(text);
    process.exitCode = code;
  }
}
