/** @file The generated validator is what ajv makes of the schema today. `npm run build:schema` writes it anew. */
import { expect, test } from "vitest";
import { validatorText } from "./harness/artifact-validator.ts";

test("runtime/artifact/validate.generated.ts", async () => {
  await expect(validatorText()).toMatchFileSnapshot("../runtime/artifact/validate.generated.ts");
});
