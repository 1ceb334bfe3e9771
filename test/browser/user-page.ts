/** @file A user's page. In: calls from outside. Out: `use` on the window. Never the compiler. */
import { use } from "./user.ts";

Object.assign(globalThis, { use });
