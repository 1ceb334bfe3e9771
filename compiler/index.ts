/** @file What `cellc/compiler` exports. In: nothing. Out: the public names. */
export type { Diagnostic } from "../grammar/diagnostic.ts";
export type { Artifact } from "../runtime/artifact/artifact.ts";
export {
  type Block,
  type Jacobian,
  jacobians,
  type Passed,
  type Term,
} from "./analyse/jacobian.ts";
export { check } from "./2-check/check.ts";
export type { Checked } from "./2-check/checked.ts";
export { type Chosen, chooseEntry, type EntryRequest } from "./entry.ts";
export { type CompileRequest, type CompileResult, compile } from "./compile.ts";
export { createStager, type ProgramName, type Stager, type Stages } from "./programs.ts";
