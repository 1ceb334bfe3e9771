/** @file The reference pages are in step with the tables. `npm run docs:ops` writes them anew. */
import { expect, test } from "vitest";
import { referencePages } from "../compiler/ops/reference.ts";

test.each(Object.entries(referencePages()))("docs/ops/%s", async (name, text) => {
  await expect(text).toMatchFileSnapshot(`../docs/ops/${name}`);
});
