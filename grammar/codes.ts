/** @file placeholder */
export type Code = string;
