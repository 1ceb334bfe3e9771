/** @file `cellc lint`: what a spec does over time that its author will hardly mean. In: `.cell` files. Out:
 *  warnings; exit code 1 where there is one, or an error. */
import type { Command } from "commander";
import { checkFiles } from "./check.ts";
import { setDim } from "./source.ts";

export function lintCommand(program: Command): void {
  program
    .command("lint <files...>")
    .summary(
      "report what `check` warns of, and fail: closed gates, states that explode, weights off scale",
    )
    .option(
      "--set <dim=number>",
      "size of a dim (default: its own, else 128); repeat for more",
      setDim,
      {},
    )
    .option("--json", "print diagnostics as JSON on stdout")
    .addHelpText(
      "after",
      "\nA warning is accepted by `// lint: allow W305: why` on its line, or alone on the line above.\n\nExamples:\n  cellc lint specs/cells/lstm.cell\n  cellc lint mine.cell --set H=512 --json",
    )
    .action(
      (files: string[], { json = false, set }: { json?: boolean; set: Record<string, number> }) => {
        checkFiles(files, { json, sizes: set, strict: true });
      },
    );
}
