/** @file The JSON schema of a data declaration. In: nothing. Out: the schema that `declaration.ts`
 *  compiles. Never says what one property means for another: `declaration.ts` does. */

const columns = { type: "array", minItems: 1, items: { type: "string", minLength: 1 } };
const count = { type: "integer", minimum: 1 };
const fraction = { type: "number", minimum: 0, exclusiveMaximum: 1 };
const pad = count;

function object(properties: Readonly<Record<string, unknown>>, ...required: readonly string[]) {
  return { type: "object", additionalProperties: false, properties, required };
}

export const DATA_SCHEMA = object(
  {
    format: { type: "string", enum: ["csv", "jsonl", "npy", "parquet", "text"] },
    files: {
      anyOf: [
        { type: "array", minItems: 1, items: { type: "string", minLength: 1 } },
        {
          type: "object",
          minProperties: 1,
          additionalProperties: { type: "string", minLength: 1 },
        },
      ],
    },
    csv: object({
      delimiter: { type: "string", minLength: 1, maxLength: 1 },
      header: { type: "boolean" },
    }),
    text: object({ unit: { type: "string", enum: ["characters", "words"] } }, "unit"),
    missing: { type: "array", items: { type: "string" } },
    columns: {
      type: "object",
      additionalProperties: object({
        from: { type: "string", minLength: 1 },
        type: { type: "string", enum: ["number", "category"] },
        difference: count,
        normalise: { type: "string", enum: ["none", "standard", "minmax"] },
        missing: { type: "string", enum: ["error", "forward-fill", "drop"] },
        vector: { type: "boolean" },
        unit: { type: "string", enum: ["characters", "words"] },
        limit: { type: "integer", minimum: 2 },
      }),
    },
    samples: {
      type: "object",
      discriminator: { propertyName: "kind" },
      required: ["kind"],
      properties: { kind: { type: "string" } },
      oneOf: [
        object(
          {
            kind: { const: "series" },
            windows: object({ length: count, stride: count }, "length"),
          },
          "kind",
        ),
        object(
          { kind: { const: "groups" }, by: { type: "string", minLength: 1 }, pad },
          "kind",
          "by",
        ),
        object({ kind: { const: "records" }, pad }, "kind"),
      ],
    },
    inputs: { type: "object", minProperties: 1, additionalProperties: columns },
    targets: {
      type: "object",
      additionalProperties: {
        anyOf: [columns, object({ columns, horizon: { type: "integer", minimum: 0 } }, "columns")],
      },
    },
    split: object(
      {
        by: { type: "string", enum: ["time", "rows"] },
        validation: fraction,
        test: fraction,
        seed: { type: "integer", minimum: 0 },
      },
      "by",
    ),
  },
  "format",
  "files",
  "samples",
  "inputs",
  "targets",
);
