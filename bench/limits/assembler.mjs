/** @file Modules of WebAssembly, byte by byte, apart from the compiler's own generator: a yardstick must not be made of what
 *  it measures. In: what a function does. Out: bytes. */

function leb(n) {
  const out = [];
  let rest = n;
  do {
    const low = rest & 127;
    rest >>>= 7;
    out.push(rest ? low | 128 : low);
  } while (rest);
  return out;
}
function sleb(n) {
  const out = [];
  for (let rest = n; ; ) {
    const low = rest & 127;
    rest >>= 7;
    if ((rest === 0 && !(low & 64)) || (rest === -1 && low & 64)) return [...out, low];
    out.push(low | 128);
  }
}
const section = (id, body) => [id, ...leb(body.length), ...body];
const vec = (items) => [...leb(items.length), ...items.flat()];
export const get = (i) => [0x20, ...leb(i)];
export const set = (i) => [0x21, ...leb(i)];
export const i32 = (n) => [0x41, ...sleb(n)];
const simd = (op, ...rest) => [0xfd, ...leb(op), ...rest];
export const load = (offset) => simd(0, 4, ...leb(offset));
export const splat = (offset) => simd(9, 2, ...leb(offset));
export const store = (offset) => simd(11, 4, ...leb(offset));
export const ADD = simd(0xe4);
export const MUL = simd(0xe6);
export const MADD = simd(0x105);
export const ZERO = simd(12, ...Array(16).fill(0));
export const [ADD_I, SUB_I, MUL_I] = [[0x6a], [0x6b], [0x6c]];
export const loop = (...body) => [0x03, 0x40, ...body.flat(), 0x0b];
export const AGAIN = [0x0d, 0];
export const countDown = (local) => [
  ...get(local),
  ...i32(1),
  ...SUB_I,
  ...set(local),
  ...get(local),
  ...AGAIN,
];
export const advance = (local, by) => [...get(local), ...i32(by), ...ADD_I, ...set(local)];

/** One exported function `f` of i32 parameters, with i32 and v128 locals, over 16 MiB. */
export function bytesOf(params, i32s, v128s, body) {
  const locals = vec([
    [...leb(i32s), 0x7f],
    [...leb(v128s), 0x7b],
  ]);
  const code = [...locals, ...body.flat(), 0x0b];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vec([[0x60, ...vec(Array(params).fill([0x7f])), 0]])),
    ...section(3, vec([[0]])),
    ...section(5, vec([[0, ...leb(256)]])),
    ...section(
      7,
      vec([
        [1, 0x66, 0, 0],
        [1, 0x6d, 2, 0],
      ]),
    ),
    ...section(10, vec([[...leb(code.length), ...code]])),
  ]);
}
export const instance = (bytes) => new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
export const times = (n, f) => Array.from({ length: n }, (_, i) => f(i)).flat();

/** acc ← acc·x + y on `chains` registers and nothing else, `reps` times. */
export function peak(chains, fused) {
  const [at, reps] = [0, 1];
  const [acc, x, y] = [2, 2 + chains, 3 + chains];
  const step = (i) =>
    fused
      ? [...get(acc + i), ...get(x), ...get(y), ...MADD, ...set(acc + i)]
      : [...get(acc + i), ...get(x), ...MUL, ...get(y), ...ADD, ...set(acc + i)];
  return bytesOf(2, 0, chains + 2, [
    [...get(at), ...load(0), ...set(x), ...get(at), ...load(16), ...set(y)],
    times(chains, (i) => [...get(at), ...load(16 * i), ...set(acc + i)]),
    loop(times(chains, step), countDown(reps)),
    times(chains, (i) => [...get(at), ...get(acc + i), ...store(16 * i)]),
  ]);
}
