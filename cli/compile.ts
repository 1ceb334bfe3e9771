/** @file `cellc compile`: a spec to an artifact. In: a `.cell` file. Out: versioned JSON, the same bytes
 *  for the same source. */
import { writeFileSync } from "node:fs";
import { basename } from "node:path";
import type { Command } from "commander";
import { printJson, short } from "./render.ts";
import { compileFile, entryOptions, type EntryOptions } from "./source.ts";

interface CompileOptions extends EntryOptions {
  readonly inference?: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

export function compileCommand(program: Command): void {
  entryOptions(
    program
      .command("compile <file>")
      .summary("compile a spec to an artifact that the runtime loads")
      .description(
        "Writes the artifact: kernels, schedule, parameter layout and source map as JSON, data only.",
      ),
  )
    .option(
      "--inference",
      "only what runs and streams: no gradient, no training; a third of the size",
    )
    .option("-o, --out <file>", "where to write it (default: ENTRY.cellc.json; - is stdout)")
    .option("--json", "report as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  cellc compile specs/cells/lstm.cell --entry LSTM --set D=5 --set H=4 -o lstm.cellc.json\n  cellc compile specs/apps/forecast.cell --inference",
    )
    .action((file: string, options: CompileOptions) => {
      const { artifact } = compileFile(file, options, options.json);
      const text = `${JSON.stringify(artifact)}\n`;
      if (options.out === "-") {
        process.stdout.write(text);
        return;
      }
      const out = options.out ?? `${artifact.entry.name}.cellc.json`;
      writeFileSync(out, text);
      const parameters = artifact.params.reduce(
        (sum, p) => sum + p.shape.reduce((x, y) => x * y, 1),
        0,
      );
      if (options.json)
        printJson({
          out,
          entry: artifact.entry.name,
          hash: artifact.hash,
          parameters,
          bytes: text.length,
        });
      else
        console.log(
          `${basename(file)} → ${out}  ${artifact.entry.name}, ${short(parameters)} parameters, ${short(text.length)}B`,
        );
    });
}
