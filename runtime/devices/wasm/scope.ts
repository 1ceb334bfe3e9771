/** @file What is known while a kernel's code is emitted: counters, pointers and values in locals, by scope;
 *  sizes and addresses read once at the start. In: a Code. Out: locals. Never emits a loop. */
import { type Code, type Local, OP } from "./code.ts";
import { I32 } from "./encoder.ts";
import type { Frame } from "./frame.ts";
import { streamKey } from "./nest.ts";
import { keyOf, numberOf, type Poly, symbolsOf } from "./poly.ts";
import type { Stream } from "./terms.ts";

/** The local of every kernel's parameter: the address of its frame. */
export const FRAME: Local = 0;

export interface Scope {
  readonly parent: Scope | null;
  /** Values by node and place in the tile. */
  readonly values: Map<number, Local>;
  /** Pointers by stream. */
  readonly pointers: Map<string, Local>;
  readonly counters: Map<number, Local>;
}

export const inside = (parent: Scope | null): Scope => ({
  parent,
  values: new Map(),
  pointers: new Map(),
  counters: new Map(),
});

export function find<K>(
  scope: Scope,
  pick: (s: Scope) => ReadonlyMap<K, Local>,
  key: K,
): Local | undefined {
  for (let s: Scope | null = scope; s !== null; s = s.parent) {
    const local = pick(s).get(key);
    if (local !== undefined) return local;
  }
  return undefined;
}

export interface Words {
  /** Pushes a whole number known up to sizes. */
  number(value: Poly): void;
  /** Pushes `value` × `by`, as bytes or counts. */
  multiple(value: Poly, by: number): void;
  /** The address of a stream's base, in a local. */
  start(stream: Stream): Local;
}

export function wordsOf(code: Code, frame: Frame): Words {
  const known = new Map<string, Local>();
  const once = (key: string, emit: () => void): Local => {
    const old = known.get(key);
    if (old !== undefined) return old;
    const local = code.local(I32);
    code.atStart(() => {
      emit();
      code.set(local);
    });
    known.set(key, local);
    return local;
  };
  const size = (symbol: string): Local =>
    once(`size ${symbol}`, () => {
      code.get(FRAME);
      code.loadI32(frame.size(symbol));
    });
  const push = (value: Poly): void => {
    code.i32(value.get("") ?? 0);
    for (const [symbols, by] of value) {
      if (symbols === "") continue;
      code.i32(by);
      for (const symbol of symbolsOf(symbols)) {
        code.get(size(symbol));
        code.op(OP.i32Mul);
      }
      code.op(OP.i32Add);
    }
  };
  const local = (value: Poly, by: number): Local => {
    for (const symbols of value.keys()) for (const symbol of symbolsOf(symbols)) size(symbol);
    return once(`${by} × ${keyOf(value)}`, () => {
      push(value);
      code.i32(by);
      code.op(OP.i32Mul);
    });
  };
  const multiple = (value: Poly, by: number): void => {
    const constant = numberOf(value);
    if (constant !== null) code.i32(constant * by);
    else code.get(local(value, by));
  };
  return {
    number: (value) => multiple(value, 1),
    multiple,
    start: (stream) => {
      const base = numberOf(stream.base);
      const offset = base === null ? local(stream.base, 4) : null;
      return once(`start ${stream.buffer} ${keyOf(stream.base)}`, () => {
        code.get(FRAME);
        code.loadI32(frame.address(stream.buffer));
        if (offset === null) code.i32(4 * (base ?? 0));
        else code.get(offset);
        code.op(OP.i32Add);
      });
    },
  };
}

/** Streams by name, those that run along a variable. */
export function along(streams: readonly Stream[], v: number): ReadonlyMap<string, Stream> {
  const found = new Map<string, Stream>();
  for (const s of streams) if (s.by.has(v)) found.set(streamKey(s), s);
  return found;
}
