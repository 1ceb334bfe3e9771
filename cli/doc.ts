/** @file `cellc doc`: a spec as a page. In: a `.cell` file, or a folder of them. Out: one HTML file, a
 *  gallery of all, or the facts as JSON. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { SingleBar } from "cli-progress";
import type { Command } from "commander";
import { sync as writeAtomic } from "write-file-atomic";
import { checkedFile, entryOf } from "./doc/entry.ts";
import { factsOf } from "./doc/facts.ts";
import { writeGallery } from "./doc/gallery.ts";
import { ALONE, docPage } from "./doc/page.ts";
import { openPictures, svgFile } from "./doc/pictures.ts";
import { Failure } from "./fail.ts";
import { needSpec, setDim } from "./source.ts";
import { printJson } from "./render.ts";

interface DocOptions {
  readonly entry?: string;
  readonly set: Readonly<Record<string, number>>;
  readonly out?: string;
  readonly json?: boolean;
}

export function docCommand(program: Command): void {
  program
    .command("doc <file>")
    .summary("a spec as a page: equations, diagram of the step, tables")
    .description(
      "Writes one self-contained HTML file: equations typeset, a diagram of the step drawn from its dataflow, parameters, states, cost. Of a folder: a page for each of its specs, and an index.",
    )
    .option("--entry <name>", "the cell or model to show (default: the file's only model or cell)")
    .option(
      "--set <dim=number>",
      "size of a dim for the numbers (default: 128); repeat for more",
      setDim,
      {},
    )
    .option(
      "-o, --out <file>",
      "where to write it (default: ENTRY.html, - is stdout; FILE.svg: the diagram alone; of a folder: gallery)",
    )
    .option("--json", "print the facts as JSON; a page is written only where -o says so")
    .addHelpText(
      "after",
      "\nExample:\n  cellc doc specs/cells/peephole.cell --entry PeepholeLSTM -o peephole.html",
    )
    .action(async (file: string, options: DocOptions) => {
      if (existsSync(file) && statSync(file).isDirectory()) return gallery(file, options);
      needSpec(file);
      return onePage(file, options);
    });
}

async function onePage(file: string, options: DocOptions): Promise<void> {
  const json = options.json === true;
  if (json && options.out === "-")
    throw new Failure("error: -o - and --json both print to stdout", 2);
  const checked = checkedFile(file, json);
  const { entry, examples } = entryOf(checked, file, options.entry, options.set, json);
  const facts = factsOf(checked, entry, examples);
  if (json) printJson(facts);
  if (json && options.out === undefined) return;
  const { page } = await (await openPictures()).draw(facts);
  const out = options.out ?? `${facts.name}.html`;
  const text = out.endsWith(".svg") ? svgFile(page) : docPage(facts, page, ALONE);
  if (out === "-") {
    process.stdout.write(text);
    return;
  }
  writeAtomic(out, text);
  if (!json) console.log(`${file} → ${out}`);
}

async function gallery(folder: string, options: DocOptions): Promise<void> {
  if (options.entry !== undefined)
    throw new Failure(`error: --entry is for a file, and ${folder} is a folder of them`, 2);
  const out = options.out ?? "gallery";
  if (out === "-") throw new Failure("error: a gallery is many files: give a folder with -o", 2);
  const bar = new SingleBar({
    format: "{stage} {bar} {value}/{total} {name}",
    barsize: 24,
    hideCursor: true,
    stream: process.stderr,
    noTTYOutput: true,
    notTTYSchedule: 5000,
  });
  const pages = await writeGallery({
    folder,
    out,
    set: options.set,
    json: options.json === true,
    progress: (stage, done, all, name) => {
      if (done === 0) bar.start(all, 0, { stage, name });
      else bar.update(done, { stage, name });
    },
  }).finally(() => bar.stop());
  if (options.json) printJson({ out, pages });
  else console.log(`${folder} → ${join(out, "index.html")}  ${pages.length} pages`);
}
