/** @file Reading attributes. In: a node's attrs. Out: the one asked for, of the type asked for.
 *  Throws (our bug) when it is missing or of another type. */
import { invariant } from "../ir/invariant.ts";
import type { Attrs, Dim } from "../ir/ir.ts";

export function num(attrs: Attrs, name: string): number {
  const v = attrs[name];
  invariant(typeof v === "number", () => `attribute ${name} must be a number, is ${text(v)}`);
  return v;
}

export function flag(attrs: Attrs, name: string): boolean {
  const v = attrs[name];
  invariant(typeof v === "boolean", () => `attribute ${name} must be a flag, is ${text(v)}`);
  return v;
}

export function word(attrs: Attrs, name: string): string {
  const v = attrs[name];
  invariant(typeof v === "string", () => `attribute ${name} must be a word, is ${text(v)}`);
  return v;
}

export function dims(attrs: Attrs, name: string): readonly Dim[] {
  const v = attrs[name];
  invariant(typeof v === "object", () => `attribute ${name} must be a list, is ${text(v)}`);
  return v;
}

export function nums(attrs: Attrs, name: string): readonly number[] {
  return dims(attrs, name).map((v) => {
    invariant(typeof v === "number", () => `attribute ${name} must list numbers, has ${text(v)}`);
    return v;
  });
}

function text(v: unknown): string {
  return JSON.stringify(v);
}
