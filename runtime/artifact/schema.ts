/** @file The artifact's JSON schema: closed objects, closed vocabularies, bounded sizes. In: nothing.
 *  Out: a schema for ajv. Says what a field looks like, not what it refers to: `verify.ts` does. */
import { FORMAT, VERSION } from "./artifact.ts";
import { INITIALISERS } from "./initialisers.ts";
import { BINARY, UNARY } from "./kernel.ts";
import { LIMITS } from "./limits.ts";

type Schema = Readonly<Record<string, unknown>>;

const object = (properties: Readonly<Record<string, Schema>>): Schema => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
const list = (items: Schema, maxItems: number = LIMITS.entries): Schema => ({
  type: "array",
  items,
  maxItems,
});
const orNull = (schema: Schema): Schema =>
  "type" in schema ? { ...schema, nullable: true } : { anyOf: [{ type: "null" }, schema] };
const ref = (name: string): Schema => ({ $ref: `#/definitions/${name}` });

const integer = (maximum: number, minimum = 0): Schema => ({ type: "integer", minimum, maximum });
const number: Schema = { type: "number" };
const boolean: Schema = { type: "boolean" };
const text = (maxLength: number): Schema => ({ type: "string", maxLength });
/** Names of the spec, dotted where a model has parts. Never `__proto__`. */
const NAME = "^(?!__proto__$)[A-Za-z_][A-Za-z0-9_.]*$";
const name = ref("name");
const numbersByName = ref("numbersByName");
const shape = ref("shape");
const extents = ref("extents");
const buffer = ref("buffer");
const place = ref("place");
const variable = ref("variable");
const input = ref("input");
const program = ref("program");
const programOrNull = ref("programOrNull");

export const SCHEMA = {
  ...object({
    format: { const: FORMAT },
    version: { const: VERSION },
    entry: object({
      name,
      kind: { enum: ["cell", "model"] },
      direction: { enum: ["forward", "backward"] },
    }),
    dims: numbersByName,
    hash: { type: "string", pattern: "^[0-9a-f]{64}$" },
    params: list(ref("param")),
    inputs: list(input),
    outputs: list(ref("output")),
    states: list(ref("state")),
    randoms: list(ref("random")),
    train: orNull(ref("train")),
    source: ref("source"),
    programs: object({
      forward: program,
      forwardMasked: program,
      gradient: programOrNull,
      gradientMasked: programOrNull,
      step: programOrNull,
      start: programOrNull,
      loss: programOrNull,
      lossMasked: programOrNull,
      train: programOrNull,
      trainMasked: programOrNull,
      update: programOrNull,
    }),
  }),
  // Each is a function of the validator: what an artifact has none of is never compiled by the engine.
  definitions: {
    name: { type: "string", pattern: NAME, maxLength: LIMITS.name },
    /** Names in the store: `param:W`, `state:h#2`. */
    storeName: {
      type: "string",
      pattern: "^[a-z][a-z-]*(:[A-Za-z0-9_.#-]+)*$",
      maxLength: 2 * LIMITS.name,
    },
    numbersByName: {
      type: "object",
      propertyNames: name,
      additionalProperties: number,
      maxProperties: LIMITS.entries,
    },
    shape: list(integer(LIMITS.extent, 1), LIMITS.rank),
    extents: list(ref("extent"), LIMITS.rank),
    buffer: integer(LIMITS.buffers),
    place: integer(LIMITS.places),
    variable: integer(LIMITS.vars),
    input: object({
      name,
      seq: orNull(name),
      memory: boolean,
      shape,
      of: orNull(integer(LIMITS.extent, 1)),
      place,
    }),
    param: object({
      name,
      shape,
      initialiser: object({ name: { enum: Object.keys(INITIALISERS) }, args: numbersByName }),
      place,
    }),
    output: object({ name, seq: orNull(name), shape: extents, place }),
    state: object({ name, shape, lags: integer(1_000, 1), initial: orNull(number), place }),
    random: object({
      name,
      seq: orNull(name),
      shape,
      keep: { type: "number", minimum: 0, maximum: 1 },
    }),
    train: object({
      targets: list(input),
      loss: name,
      optimizer: object({ name, hyper: numbersByName, slots: list(name, 16) }),
      clip: object({
        norm: orNull({ type: "number", exclusiveMinimum: 0 }),
        value: orNull({ type: "number", exclusiveMinimum: 0 }),
      }),
      truncate: orNull(integer(1e9, 1)),
      batch: integer(1e9, 1),
      epochs: integer(1e9),
      seed: integer(Number.MAX_SAFE_INTEGER),
      schedule: orNull(object({ name, args: numbersByName })),
      patience: orNull(integer(1e9)),
    }),
    source: object({
      files: list(object({ path: text(LIMITS.label), text: text(LIMITS.text) }), LIMITS.files),
      places: list(ref("sourcePlace"), LIMITS.places),
      reads: { type: "object", additionalProperties: list(place, LIMITS.places) },
    }),
    sourcePlace: object({
      of: text(LIMITS.label),
      file: integer(LIMITS.files),
      line: integer(1e9),
      column: integer(1e9),
    }),
    extent: { anyOf: [integer(LIMITS.extent, 1), name] },
    expr: {
      type: "object",
      // Each form has a key of its own and no other, so at most one can match.
      anyOf: [
        object({ var: variable }),
        object({ load: buffer, at: list(ref("expr"), LIMITS.rank) }),
        object({
          call: { enum: [...UNARY, ...BINARY, "select"] },
          args: { ...list(ref("expr"), 3), minItems: 1 },
        }),
        object({ lit: number }),
        object({ red: integer(LIMITS.entries) }),
        object({ size: name }),
      ],
    },
    kernel: object({
      out: buffer,
      axes: extents,
      reductions: list(
        object({
          kind: { enum: ["sum", "max", "min"] },
          vars: list(variable, LIMITS.rank),
          extents,
          of: ref("expr"),
        }),
        1_000,
      ),
      value: ref("expr"),
      places: list(place),
    }),
    scan: object({
      kind: { const: "scan" },
      over: name,
      reverse: boolean,
      carries: list(object({ local: buffer, init: buffer, next: buffer, final: orNull(buffer) })),
      slices: list(object({ local: buffer, of: buffer })),
      collects: list(object({ from: buffer, into: buffer })),
      sums: list(object({ from: buffer, into: buffer })),
      kernels: list(ref("kernel"), LIMITS.kernels),
    }),
    stage: {
      type: "object",
      anyOf: [object({ kind: { const: "kernel" }, kernel: ref("kernel") }), ref("scan")],
    },
    stored: object({ name: ref("storeName"), buffer }),
    programOrNull: orNull(program),
    program: object({
      buffers: list(
        object({
          shape: extents,
          dtype: { enum: ["real", "index"] },
          label: text(LIMITS.label),
        }),
        LIMITS.buffers,
      ),
      inputs: list(ref("stored")),
      outputs: list(ref("stored")),
      prepare: list(ref("stage"), LIMITS.kernels),
      stages: list(ref("stage"), LIMITS.kernels),
    }),
  },
} as const;
