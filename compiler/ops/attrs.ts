/** @file Reading attributes. In: a node's attrs. Out: the one asked for, of the type asked for.
 *  Throws (our bug) when it is missing or of another type. */
import { broken } from "../ir/invariant.ts";
import type { Attrs, Dim } from "../ir/ir.ts";

export function num(attrs: Attrs, name: string): number {
  const v = attrs[name];
  return typeof v === "number" ? v : broken(`attribute ${name} must be a number, is ${text(v)}`);
}

export function flag(attrs: Attrs, name: string): boolean {
  const v = attrs[name];
  return typeof v === "boolean" ? v : broken(`attribute ${name} must be a flag, is ${text(v)}`);
}

export function word(attrs: Attrs, name: string): string {
  const v = attrs[name];
  return typeof v === "string" ? v : broken(`attribute ${name} must be a word, is ${text(v)}`);
}

export function dims(attrs: Attrs, name: string): readonly Dim[] {
  const v = attrs[name];
  return typeof v === "object" ? v : broken(`attribute ${name} must be a list, is ${text(v)}`);
}

export function nums(attrs: Attrs, name: string): readonly number[] {
  return dims(attrs, name).map((v) =>
    typeof v === "number" ? v : broken(`attribute ${name} must list numbers, has ${text(v)}`),
  );
}

function text(v: unknown): string {
  return JSON.stringify(v);
}
