/** @file `max` over the last axis. An entry of the op table: see op.ts. */
import { extreme } from "./extreme.ts";

export const max = extreme("max");
