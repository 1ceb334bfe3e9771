/** @file `cellc new`: a template to start from. In: a template's name, a folder. Out: the files in it. Never
 *  writes over a file. */
import { cpSync, existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Argument, type Command } from "commander";
import { Failure } from "./fail.ts";
import { libraryRoot } from "./package.ts";
import { printJson } from "./render.ts";

export function newCommand(program: Command): void {
  const root = join(libraryRoot(), "templates");
  const templates = readdirSync(root, { withFileTypes: true }).flatMap((d) =>
    d.isDirectory() ? [d.name] : [],
  );
  program
    .command("new")
    .summary("start from a template")
    .addArgument(new Argument("<template>", "what to start from").choices(templates))
    .argument("<folder>", "where; must not exist, or be empty")
    .option("--json", "print the files as JSON")
    .addHelpText("after", "\nExample:\n  cellc new forecast my-forecast")
    .action((template: string, folder: string, { json }: { json?: boolean }) => {
      if (existsSync(folder) && !statSync(folder).isDirectory())
        throw new Failure(`error: ${folder} is a file; name a new folder`, 1);
      if (existsSync(folder) && readdirSync(folder).length > 0) {
        throw new Failure(`error: ${folder} is not empty; name a new folder`, 1);
      }
      cpSync(join(root, template), folder, { recursive: true });
      const files = readdirSync(folder).sort();
      if (json) printJson({ folder, files });
      else
        console.log(
          `${files.map((f) => join(folder, f)).join("\n")}\n\nNext: ${join(folder, "README.md")}`,
        );
    });
}
