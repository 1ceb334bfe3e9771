/** @file Every command. In: one file a command. Out: the list that `main` adds. */
import type { Command } from "commander";
import { analyzeCommand } from "./analyze.ts";
import { checkCommand } from "./check.ts";
import { compileCommand } from "./compile.ts";
import { costCommand } from "./cost.ts";
import { docCommand } from "./doc.ts";
import { dumpCommand } from "./dump.ts";
import { evalCommand } from "./eval.ts";
import { explainCommand } from "./explain.ts";
import { fmtCommand } from "./fmt.ts";
import { gradcheckCommand } from "./gradcheck.ts";
import { inspectCommand } from "./inspect.ts";
import { lintCommand } from "./lint.ts";
import { newCommand } from "./new.ts";
import { reportCommand } from "./report.ts";
import { runCommand } from "./run.ts";
import { streamCommand } from "./stream.ts";
import { traceCommand } from "./trace.ts";
import { trainCommand } from "./train.ts";

export const COMMANDS: readonly ((program: Command) => void)[] = [
  analyzeCommand,
  checkCommand,
  compileCommand,
  costCommand,
  docCommand,
  dumpCommand,
  evalCommand,
  explainCommand,
  fmtCommand,
  gradcheckCommand,
  inspectCommand,
  lintCommand,
  newCommand,
  reportCommand,
  runCommand,
  streamCommand,
  traceCommand,
  trainCommand,
];
