/** @file Every error code of the runtime; `docs/errors/CODE.md` is its page. In: nothing. Out: titles.
 *  R1 artifacts, R2 values given to a model, R3 weights, R4 backends. */

export const RUNTIME_CODES = {
  R101: "not an artifact",
  R102: "an artifact of another version",
  R103: "an artifact beyond the limits",
  R104: "an artifact's field is missing, unknown or of the wrong type",
  R105: "an artifact's name refers to nothing",
  R106: "an artifact's buffer is read before it is written, or written twice",
  R107: "shapes in an artifact disagree",
  R108: "an artifact's expression is not well formed",
  R109: "an artifact's load leaves its buffer",
  R201: "a value is missing",
  R202: "a value that the model does not have",
  R203: "a value of the wrong shape",
  R204: "ragged numbers",
  R205: "a value that is not a finite number",
  R206: "a token out of range",
  R207: "lengths that do not fit",
  R208: "sizes that disagree",
  R209: "nothing to differentiate",
  R210: "a model that does not stream",
  R211: "a synchronous step on a backend that has none",
  R212: "a model that is closed",
  R213: "a model compiled for inference",
  R301: "not a safetensors file",
  R302: "weights of another model",
  R303: "a tensor that cannot be saved",
  R401: "a backend that is not there",
  R402: "threads that cannot be had",
  R403: "vectors that cannot be had",
} as const;

export type RuntimeCode = keyof typeof RUNTIME_CODES;
