/** @file Every op by name. In: one file an op. Out: the table that types, checks and sweeps read. */
export const OPS = {} as const;
export type OpName = string;
