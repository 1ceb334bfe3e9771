/** @file placeholder, written by the op table's author */
export interface Builder {}
