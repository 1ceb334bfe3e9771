/** @file A WebAssembly module as bytes. In: functions as instruction bytes. Out: the binary format of
 *  WebAssembly 2.0 with SIMD and threads; imports one memory. Never checks types: the engine validates. */

export const I32 = 0x7f;
export const F32 = 0x7d;
export const F64 = 0x7c;
export const V128 = 0x7b;
export type ValueType = typeof I32 | typeof F32 | typeof F64 | typeof V128;

export interface Signature {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

export interface FunctionBody {
  readonly locals: readonly ValueType[];
  readonly bytes: readonly number[];
}

export interface ModuleBuilder {
  /** Index of a function that is defined later; `name` is for profilers and stack traces. */
  declare(signature: Signature, name: string): number;
  define(index: number, body: FunctionBody): void;
  exportAs(name: string, index: number): void;
  /** Imports `env.memory`; throws where a function was declared and never defined. */
  encode(): Uint8Array<ArrayBuffer>;
}

/** Most pages of 64 KiB: addresses are signed where they are compared. */
export const MAX_PAGES = 2 ** 15 - 1;

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const SECTION = { custom: 0, types: 1, imports: 2, functions: 3, exports: 7, code: 10 } as const;
/** Of the custom section `name`: names of functions. */
const FUNCTION_NAMES = 1;
const FUNCTION_TYPE = 0x60;

/** `shared`: the memory it imports is one that threads share. */
export function createModule(shared: boolean = false): ModuleBuilder {
  const limits = shared ? [3, 0, ...unsigned(MAX_PAGES)] : [0, 0];
  const types = new Map<string, number>();
  const signatures: number[] = [];
  const names: string[] = [];
  const bodies: (FunctionBody | undefined)[] = [];
  const exported: { readonly name: string; readonly index: number }[] = [];
  return {
    declare: ({ params, results }, name) => {
      const bytes = [FUNCTION_TYPE, ...vector(params), ...vector(results)];
      const key = bytes.join(" ");
      const type = types.get(key) ?? types.size;
      types.set(key, type);
      names.push(name);
      return signatures.push(type) - 1;
    },
    define: (index, body) => {
      bodies[index] = body;
    },
    exportAs: (name, index) => {
      exported.push({ name, index });
    },
    encode: () => {
      const code = signatures.map((_, i) => {
        const body = bodies[i];
        if (body === undefined) throw new Error(`function ${i} was declared and never defined`);
        return encodeBody(body);
      });
      const sections: readonly (readonly number[])[] = [
        HEADER,
        section(SECTION.types, list([...types.keys()].map((key) => key.split(" ").map(Number)))),
        section(SECTION.imports, list([[...text("env"), ...text("memory"), 2, ...limits]])),
        section(SECTION.functions, list(signatures.map(unsigned))),
        section(
          SECTION.exports,
          list(exported.map(({ name, index }) => [...text(name), 0, ...unsigned(index)])),
        ),
        section(SECTION.code, list(code)),
        section(SECTION.custom, [...text("name"), ...section(FUNCTION_NAMES, namesOf(names))]),
      ];
      const bytes = new Uint8Array(sections.reduce((n, s) => n + s.length, 0));
      let at = 0;
      for (const s of sections) {
        bytes.set(s, at);
        at += s.length;
      }
      return bytes;
    },
  };
}

/** LEB128, of whole numbers in [0, 2^32). */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  pushUnsigned(bytes, value);
  return bytes;
}

export function pushUnsigned(bytes: number[], value: number): void {
  let rest = value;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}

/** LEB128 of the 32-bit integer congruent to `value`. */
export function pushSigned(bytes: number[], value: number): void {
  let rest = value | 0;
  for (;;) {
    const low = rest & 127;
    rest >>= 7;
    const done = (rest === 0 && (low & 64) === 0) || (rest === -1 && (low & 64) !== 0);
    bytes.push(done ? low : low | 128);
    if (done) return;
  }
}

/** LEB128 of the 64-bit integer congruent to `value`. */
export function signed64(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asIntN(64, value);
  for (;;) {
    const low = Number(rest & 127n);
    rest >>= 7n;
    const done = (rest === 0n && (low & 64) === 0) || (rest === -1n && (low & 64) !== 0);
    bytes.push(done ? low : low | 128);
    if (done) return bytes;
  }
}

function encodeBody({ locals, bytes }: FunctionBody): number[] {
  const runs: { type: ValueType; count: number }[] = [];
  for (const type of locals) {
    const last = runs[runs.length - 1];
    if (last?.type === type) last.count += 1;
    else runs.push({ type, count: 1 });
  }
  const head = list(runs.map(({ type, count }) => [...unsigned(count), type]));
  return [...unsigned(head.length + bytes.length), ...head].concat(bytes);
}

function section(id: number, body: readonly number[]): number[] {
  return [id, ...unsigned(body.length)].concat(body);
}

function namesOf(names: readonly string[]): number[] {
  return list(names.map((name, i) => [...unsigned(i), ...text(name)]));
}

function list(items: readonly (readonly number[])[]): number[] {
  return unsigned(items.length).concat(...items);
}

function vector(items: readonly number[]): number[] {
  return [...unsigned(items.length), ...items];
}

function text(value: string): number[] {
  return vector([...UTF8.encode(value)]);
}

const UTF8 = new TextEncoder();
