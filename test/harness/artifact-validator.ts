/** @file The artifact's schema as code. In: `runtime/artifact/schema.ts`. Out: the texts of the two generated
 *  validators beside it. Never needs `new Function` where they run. */
import { Ajv } from "ajv";
import standalone from "ajv/dist/standalone/index.js";
import { transformSync } from "esbuild";
import { SCHEMA } from "../../runtime/artifact/schema.ts";

const head = (out: string): string =>
  `/** @file Generated from schema.ts by \`npm run build:schema\`: what ajv makes of the artifact's schema. In: anything.
 *  Out: ${out}. Never edited by hand. */
// @ts-nocheck
`;

/** Says all that is wrong. */
export const validatorText = (): string =>
  head("whether it has the form of an artifact, and ajv's errors") + small(codeOf({}));

/** Says whether anything is: what is loaded with every model, a third as much code. */
export const checkText = (): string =>
  head("whether it has the form of an artifact") +
  small(withoutErrors(codeOf({ messages: false })));

function codeOf(options: { readonly messages?: boolean }): string {
  const ajv = new Ajv({
    strict: true,
    inlineRefs: false,
    code: { source: true, esm: true },
    ...options,
  });
  const code = standalone.default(ajv, ajv.compile(SCHEMA));
  // ajv writes `require` for its one helper, the count of a text's characters, in modules too.
  const helper = 'require("ajv/dist/runtime/ucs2length").default';
  const own = code.replaceAll(helper, "characters").replace('"use strict";', "");
  if (/\brequire\(|new Function/.test(own))
    throw new Error("the validator needs what is not there");
  return `const characters = (text) => [...text].length;${own}`;
}

/** ajv's code counts errors as it lists them: the same code with the count alone. */
function withoutErrors(code: string): string {
  const callee = String.raw`(?:validate\d+|wrapper\d+\.validate)`;
  const flat = String.raw`(?:[^{}"]|"(?:[^"\\]|\\.)*")*`;
  const error = String.raw`\{instancePath${flat}params:\{${flat}\}\}`;
  const rules: readonly (readonly [RegExp, string])[] = [
    [/(function validate\d+)\(data, \{[^{}]*\}=\{\}\)/g, "$1(data)"],
    [new RegExp(String.raw`(${callee}\([^(),{}]+), \{instancePath[^{}]*\}\)`, "g"), "$1)"],
    [new RegExp(String.raw`validate\d+\.errors = \[${error}\];`, "g"), ""],
    [
      new RegExp(
        String.raw`const (err\d+) = ${error};if\(vErrors === null\)\{vErrors = \[\1\];\}else \{vErrors\.push\(\1\);\}`,
        "g",
      ),
      "",
    ],
    [
      new RegExp(
        String.raw`vErrors = vErrors === null \? (${callee})\.errors : vErrors\.concat\(\1\.errors\);errors = vErrors\.length;`,
        "g",
      ),
      "errors++;",
    ],
    [/validate\d+\.errors = vErrors;/g, ""],
    [
      /if\(vErrors !== null\)\{if\((_errs\d+)\)\{vErrors\.length = \1;\}else \{vErrors = null;\}\}/g,
      "",
    ],
    [/let vErrors = null;/g, ""],
  ];
  const counted = rules.reduce((text, [form, by]) => text.replace(form, by), withKeys(code));
  const left = /vErrors|instancePath|\.errors|\berr\d+/.exec(counted);
  if (left !== null)
    throw new Error(
      `ajv writes errors in another form: ${counted.slice(left.index - 80, left.index + 80)}`,
    );
  return counted;
}

/** Of an object with many properties ajv's code looks a key up in the whole schema: the same with its keys alone. */
function withKeys(code: string): string {
  const lookup = /func\d+\.call\((schema\d+)((?:\.\w+)*), (key\d+)\)/g;
  return code.replace(lookup, (_, schema: string, path: string, key: string) => {
    const text = new RegExp(`const ${schema} = (\\{[^;]*\\});`).exec(code)?.[1];
    if (text === undefined) throw new Error(`ajv writes ${schema} in another form`);
    const found = path
      .split(".")
      .slice(1)
      .reduce<Record<string, unknown>>(
        (value, name) => value[name] as Record<string, unknown>,
        JSON.parse(text),
      );
    return `${JSON.stringify(Object.keys(found))}.includes(${key})`;
  });
}

function small(code: string): string {
  const { code: text } = transformSync(code, {
    format: "esm",
    minifySyntax: true,
    minifyWhitespace: true,
    treeShaking: true,
    target: "es2022",
    lineLimit: 200,
  });
  return text;
}
