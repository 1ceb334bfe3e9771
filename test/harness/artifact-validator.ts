/** @file The artifact's schema as code. In: `runtime/artifact/schema.ts`. Out: the text of the generated
 *  validator beside it. Never needs `new Function` where it runs. */
import { Ajv } from "ajv";
import standalone from "ajv/dist/standalone/index.js";
import { transformSync } from "esbuild";
import { SCHEMA } from "../../runtime/artifact/schema.ts";

const HEAD = `/** @file Generated from schema.ts by \`npm run build:schema\`: what ajv makes of the artifact's schema. In: anything.
 *  Out: whether it has the form of an artifact, and ajv's errors. Never edited by hand. */
// @ts-nocheck
`;

export function validatorText(): string {
  const ajv = new Ajv({ strict: true, inlineRefs: false, code: { source: true, esm: true } });
  const code = standalone.default(ajv, ajv.compile(SCHEMA));
  // ajv writes `require` for its one helper, the count of a text's characters, in modules too.
  const helper = 'require("ajv/dist/runtime/ucs2length").default';
  const own = code.replaceAll(helper, "characters").replace('"use strict";', "");
  if (/\brequire\(|new Function/.test(own))
    throw new Error("the validator needs what is not there");
  const { code: small } = transformSync(`const characters = (text) => [...text].length;${own}`, {
    format: "esm",
    minifySyntax: true,
    minifyWhitespace: true,
    target: "es2022",
    lineLimit: 200,
  });
  return HEAD + small;
}
