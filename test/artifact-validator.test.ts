/** @file The generated validators are what ajv makes of the schema today. `npm run build:schema` writes them anew. */
import { expect, test } from "vitest";
import { checkText, validatorText } from "./harness/artifact-validator.ts";

test("runtime/artifact/check.generated.ts", async () => {
  await expect(checkText()).toMatchFileSnapshot("../runtime/artifact/check.generated.ts");
});

test("runtime/artifact/validate.generated.ts", async () => {
  await expect(validatorText()).toMatchFileSnapshot("../runtime/artifact/validate.generated.ts");
});
