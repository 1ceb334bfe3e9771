/** @file What `cellc` gives: programs in few files, since a process that starts pays for every file it opens. In: the
 *  sources. Out: dist/bundle, the runtime with all that runs on a processor in one file, for pages and processes
 *  alike; dist/tools, the command and the compiler. What else there is, is loaded when it is asked for. */
import { chmodSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "rolldown";
import { parseAst } from "rolldown/parseAst";

const innerFunctions = {
  name: "inner-functions",
  generateBundle: (_, bundle) => compileAtOnce(bundle),
};

/** What is taken in of others comes with their licences. */
const licences = {
  name: "licences",
  generateBundle(_, bundle) {
    const ids = Object.values(bundle).flatMap((chunk) => chunk.moduleIds ?? []);
    const folders = ids.flatMap(
      (id) => /^.*node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(id) ?? [],
    );
    const source = [...new Set(folders)].sort().map(licenceOf).join("\n\n");
    if (source !== "") this.emitFile({ type: "asset", fileName: "LICENCES.txt", source });
  },
};

/** npm marks a command as one that can be run when it installs a package, not in a checkout (`npx cellc`). */
const executable = {
  name: "executable",
  writeBundle: ({ dir }) => chmodSync(join(dir, "cellc.js"), 0o755),
};

function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const texts = readdirSync(folder).filter((file) => /^(?:licen[cs]e|notice)/i.test(file));
  const text = texts.map((file) => readFileSync(join(folder, file), "utf8")).join("\n");
  return `${name} ${version} (${license})\n\n${text}`;
}

const runtime = defineConfig({
  input: "runtime/index.ts",
  external: [/^node:/, "gpu.js"],
  // What the entry shares with a file that is loaded later stays in the entry.
  preserveEntrySignatures: "allow-extension",
  transform: { target: "es2022" },
  plugins: [innerFunctions, licences],
  // A text of ASCII alone takes a byte a character.
  output: { dir: "dist/bundle", format: "es", minify: true, charset: "ascii", cleanDir: true },
});

/** Parts that are files of their own: chevrotain, and lodash-es under it, which have four hundred. */
const TAKEN_IN = /^(?:chevrotain|@chevrotain\/|lodash-es|@oxc-project\/)/;

export const tools = defineConfig({
  input: {
    cellc: "cli/main.ts",
    compiler: "compiler/index.ts",
    "watch-worker": "cli/report/watch-worker.ts",
  },
  platform: "node",
  external: (id) => /^[a-z@]/.test(id) && !TAKEN_IN.test(id),
  transform: { target: "es2022" },
  plugins: [innerFunctions, licences, executable],
  // Names stay, for the stack of a bug that a user reports.
  output: { dir: "dist/tools", format: "es", cleanDir: true },
});

export default [runtime, tools];

/**
 * V8 reads a function inside another twice: to find its end when the outer one is compiled, and again when it
 * is first called. Of one in parentheses it takes the call for granted, and compiles it with the outer one.
 */
function compileAtOnce(bundle) {
  for (const chunk of Object.values(bundle))
    if (chunk.type === "chunk") chunk.code = parenthesised(chunk.code);
}

function parenthesised(code) {
  const marks = [];
  const visit = (node, parent, depth) => {
    if (typeof node !== "object" || node === null) return;
    if (Array.isArray(node)) {
      for (const child of node) visit(child, parent, depth);
      return;
    }
    const isFunction = /^(?:Arrow)?Function(?:Expression|Declaration)$/.test(node.type);
    const isMethod = parent?.method || parent?.kind === "get" || parent?.kind === "set";
    const isExpression = node.type?.endsWith("Expression") && !isMethod;
    if (isFunction && isExpression && depth > 0 && parent.type !== "MethodDefinition")
      marks.push({ at: node.start, mark: "(" }, { at: node.end, mark: ")" });
    for (const child of Object.values(node)) visit(child, node, isFunction ? depth + 1 : depth);
  };
  visit(parseAst(code), null, 0);
  // Where one ends and another begins, the end stands first.
  marks.sort((a, b) => a.at - b.at || (a.mark === ")" ? -1 : 1));
  let from = 0;
  const parts = marks.map(({ at, mark }) => {
    const part = code.slice(from, at) + mark;
    from = at;
    return part;
  });
  return parts.join("") + code.slice(from);
}
