/** @file The instructions of one function. In: calls in order. Out: bytes and locals. Never orders or
 *  optimises, the engine does; but what is kept in a local and never read is not kept. */
import {
  type FunctionBody,
  pushSigned,
  pushUnsigned,
  signed64,
  unsigned,
  V128,
  type ValueType,
} from "./encoder.ts";

export type Local = number;

/** Scalar instructions of one byte. */
export const OP = {
  return: 0x0f,
  drop: 0x1a,
  select: 0x1b,
  unreachable: 0x00,
  i32Eqz: 0x45,
  i32Eq: 0x46,
  i32LtS: 0x48,
  i32GtS: 0x4a,
  i32LeS: 0x4c,
  i32GeS: 0x4e,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32Mul: 0x6c,
  i32DivU: 0x6e,
  i32And: 0x71,
  i32Or: 0x72,
  f64Eq: 0x61,
  f64Ne: 0x62,
  f64Lt: 0x63,
  f64Gt: 0x64,
  f64Abs: 0x99,
  f64Neg: 0x9a,
  f64Floor: 0x9c,
  f64Nearest: 0x9e,
  f64Add: 0xa0,
  f64Sub: 0xa1,
  f64Mul: 0xa2,
  f64Div: 0xa3,
  f64Min: 0xa4,
  f64Max: 0xa5,
  f32Demote: 0xb6,
  i64TruncateF64: 0xb0,
  f64ConvertI64: 0xb9,
  f64Promote: 0xbb,
  i64Reinterpret: 0xbd,
  f64Reinterpret: 0xbf,
  i64Shl: 0x86,
  i64ShrS: 0x87,
  i64Sub: 0x7d,
} as const;

export const SIMD = {
  const: 12,
  shuffle: 13,
  i32Splat: 17,
  f32Splat: 19,
  i32Extract: 27,
  f32Extract: 31,
  f32Replace: 32,
  eq: 0x41,
  ne: 0x42,
  lt: 0x43,
  gt: 0x44,
  le: 0x45,
  ge: 0x46,
  not: 77,
  and: 78,
  andnot: 79,
  or: 80,
  bitselect: 82,
  anyTrue: 83,
  floor: 0x68,
  shl: 0xab,
  shrS: 0xac,
  i32Add: 0xae,
  i32Sub: 0xb1,
  abs: 0xe0,
  neg: 0xe1,
  sqrt: 0xe3,
  add: 0xe4,
  sub: 0xe5,
  mul: 0xe6,
  div: 0xe7,
  min: 0xe8,
  max: 0xe9,
  pmin: 0xea,
  pmax: 0xeb,
  convertI32: 0xfa,
  madd: 0x105,
  laneSelect: 0x10b,
} as const;

/** Atomic accesses of 32-bit words. */
export const ATOMIC = { wait: 1, load: 0x10, store: 0x17, add: 0x1e, exchange: 0x48 } as const;

const LOAD = { vector: 0, splat: 9, zero: 92, lane: 86 } as const;
const STORE = { vector: 11, lane: 90, pair: 91 } as const;

export interface Code {
  /** The engine has relaxed SIMD's fused multiply-add. */
  readonly fused: boolean;
  /** A new local. */
  local(type: ValueType): Local;
  get(local: Local): void;
  set(local: Local): void;
  tee(local: Local): void;
  i32(value: number): void;
  f64(value: number): void;
  i64(value: bigint): void;
  op(op: number): void;
  simd(op: number): void;
  /** An instruction with a lane, 0-3. */
  lane(op: number, lane: number): void;
  /** Four equal lanes; what is not 0 is made once, at the start of the function. */
  splat(value: number): void;
  /** Four lanes, as 32-bit integers, likewise. */
  lanes(values: readonly [number, number, number, number]): void;
  shuffle(lanes: readonly [number, number, number, number]): void;
  load(offset: number): void;
  loadSplat(offset: number): void;
  loadZero(offset: number): void;
  loadLane(offset: number, lane: number): void;
  store(offset: number): void;
  storeLane(offset: number, lane: number): void;
  /** Lanes 0 and 1. */
  storePair(offset: number): void;
  loadI32(offset: number): void;
  storeI32(offset: number): void;
  /** Operands as in the threads proposal: an address, then values. */
  atomic(op: number, offset: number): void;
  copyMemory(): void;
  fillMemory(): void;
  truncate(): void;
  call(index: number): void;
  block(body: () => void): void;
  loop(body: () => void): void;
  branch(depth: number): void;
  branchIf(depth: number): void;
  /** `result`: the type both arms leave, or null. */
  choose(result: ValueType | null, then: () => void, otherwise: (() => void) | null): void;
  /** What `body` emits comes before everything else, once. */
  atStart(body: () => void): void;
  body(): FunctionBody;
}

const EMPTY = 0x40;
const END = 0x0b;
const GET = 0x20;
const SET = 0x21;
const TEE = 0x22;

/** An instruction that gives a local a value: where it is in its part of the code. */
interface Write {
  readonly local: Local;
  readonly from: number;
  readonly to: number;
}

/** A part of the code, in order, with what it writes to locals. */
interface Part {
  readonly bytes: number[];
  readonly writes: Write[];
}

export function createCode(params: number, fused = false): Code {
  const locals: ValueType[] = [];
  const head: Part = { bytes: [], writes: [] };
  const main: Part = { bytes: [], writes: [] };
  let part = main;
  let out = main.bytes;
  const read = new Set<Local>();
  const simdOp = (op: number): void => {
    out.push(0xfd);
    pushUnsigned(out, op);
  };
  const number = (op: number, value: number): void => {
    out.push(op);
    pushUnsigned(out, value);
  };
  const access = (op: number, align: number, offset: number): void => {
    simdOp(op);
    out.push(align);
    pushUnsigned(out, offset);
  };
  const scalarAccess = (op: number, offset: number): void => {
    out.push(op, 2);
    pushUnsigned(out, offset);
  };
  const nested = (opening: readonly number[], body: () => void): void => {
    out.push(...opening);
    body();
    out.push(END);
  };
  const local = (type: ValueType): Local => params + locals.push(type) - 1;
  const get = (local: Local): void => {
    read.add(local);
    number(GET, local);
  };
  const write = (op: number, local: Local): void => {
    const from = out.length;
    number(op, local);
    part.writes.push({ local, from, to: out.length });
  };
  /** A tee of a local that is dropped is a set. */
  const drop = (): void => {
    const last = part.writes[part.writes.length - 1];
    if (last?.to === out.length && out[last.from] === TEE) out[last.from] = SET;
    else out.push(OP.drop);
  };
  /** The bytes, where what is not read is not written: an engine would carry it through every loop around. */
  const written = ({ bytes, writes }: Part): readonly number[][] => {
    const kept: number[][] = [];
    let at = 0;
    for (const { local, from, to } of writes) {
      if (local < params || read.has(local)) continue;
      kept.push(bytes.slice(at, from), bytes[from] === SET ? [OP.drop] : []);
      at = to;
    }
    kept.push(bytes.slice(at));
    return kept;
  };
  const constants = new Map<string, Local>();
  const lanes = (values: readonly [number, number, number, number]): void => {
    const constant = (): void => {
      simdOp(SIMD.const);
      out.push(...new Uint8Array(Int32Array.from(values).buffer));
    };
    if (values.every((v) => v === 0)) {
      constant();
      return;
    }
    const key = values.join();
    const old = constants.get(key);
    const kept = old ?? local(V128);
    if (old === undefined) {
      constants.set(key, kept);
      atStart(() => {
        constant();
        write(SET, kept);
      });
    }
    get(kept);
  };
  const atStart = (body: () => void): void => {
    const before = part;
    part = head;
    out = head.bytes;
    body();
    part = before;
    out = before.bytes;
  };
  return {
    fused,
    local,
    get,
    set: (local) => write(SET, local),
    tee: (local) => write(TEE, local),
    i32: (value) => {
      out.push(0x41);
      pushSigned(out, value);
    },
    i64: (value) => void out.push(0x42, ...signed64(value)),
    f64: (value) => void out.push(0x44, ...new Uint8Array(Float64Array.of(value).buffer)),
    op: (op) => (op === OP.drop ? drop() : void out.push(op)),
    simd: simdOp,
    lane: (op, lane) => {
      simdOp(op);
      out.push(lane);
    },
    splat: (value) => {
      const [word] = new Int32Array(Float32Array.of(value).buffer);
      lanes([word!, word!, word!, word!]);
    },
    lanes,
    shuffle: (lanes) => {
      simdOp(SIMD.shuffle);
      for (const lane of lanes) for (let i = 0; i < 4; i++) out.push(4 * lane + i);
    },
    load: (offset) => access(LOAD.vector, 2, offset),
    loadSplat: (offset) => access(LOAD.splat, 2, offset),
    loadZero: (offset) => access(LOAD.zero, 2, offset),
    loadLane: (offset, lane) => {
      access(LOAD.lane, 2, offset);
      out.push(lane);
    },
    store: (offset) => access(STORE.vector, 2, offset),
    storeLane: (offset, lane) => {
      access(STORE.lane, 2, offset);
      out.push(lane);
    },
    storePair: (offset) => {
      access(STORE.pair, 2, offset);
      out.push(0);
    },
    loadI32: (offset) => scalarAccess(0x28, offset),
    storeI32: (offset) => scalarAccess(0x36, offset),
    atomic: (op, offset) => void out.push(0xfe, op, 2, ...unsigned(offset)),
    copyMemory: () => void out.push(0xfc, 10, 0, 0),
    fillMemory: () => void out.push(0xfc, 11, 0),
    truncate: () => void out.push(0xfc, 0),
    call: (index) => number(0x10, index),
    block: (body) => nested([0x02, EMPTY], body),
    loop: (body) => nested([0x03, EMPTY], body),
    branch: (depth) => number(0x0c, depth),
    branchIf: (depth) => number(0x0d, depth),
    choose: (result, then, otherwise) => {
      nested([0x04, result ?? EMPTY], () => {
        then();
        if (otherwise === null) return;
        out.push(0x05);
        otherwise();
      });
    },
    atStart,
    body: () => ({ locals, bytes: [...written(head), ...written(main), [END]].flat() }),
  };
}
