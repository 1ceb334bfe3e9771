/** @file The instructions of one function: what is kept in a local and never read is not kept. */
import { expect, test } from "vitest";
import { type Code, createCode, OP } from "../runtime/devices/wasm/code.ts";
import { createModule, I32, V128 } from "../runtime/devices/wasm/encoder.ts";

const [GET, SET, TEE, DROP, END] = [0x20, 0x21, 0x22, OP.drop, 0x0b];

/** Of a function of one parameter, which it gets first: its bytes after that, without the end. */
function bytesOf(emit: (code: Code) => void): readonly number[] {
  const code = createCode(1);
  code.get(0);
  emit(code);
  const { bytes } = code.body();
  expect([...bytes.slice(0, 2), bytes.at(-1)]).toEqual([GET, 0, END]);
  return bytes.slice(2, -1);
}

test("a value that is read later is kept", () => {
  const bytes = bytesOf((code) => {
    const local = code.local(I32);
    code.tee(local);
    code.get(local);
  });
  expect(bytes).toEqual([TEE, 1, GET, 1]);
});

test("one that is never read stays on the stack, or is dropped", () => {
  expect(bytesOf((code) => code.tee(code.local(I32)))).toEqual([]);
  expect(bytesOf((code) => code.set(code.local(I32)))).toEqual([DROP]);
});

test("one that is kept and dropped is set", () => {
  const bytes = bytesOf((code) => {
    const local = code.local(I32);
    code.tee(local);
    code.op(OP.drop);
    code.get(local);
  });
  expect(bytes).toEqual([SET, 1, GET, 1]);
});

test("only what stands before a drop becomes a set", () => {
  const bytes = bytesOf((code) => {
    const local = code.local(I32);
    code.tee(local);
    code.i32(7);
    code.op(OP.drop);
    code.get(local);
  });
  expect(bytes).toEqual([TEE, 1, 0x41, 7, DROP, GET, 1]);
});

test("parameters are the caller's: written whether read or not", () => {
  expect(bytesOf((code) => code.set(0))).toEqual([SET, 0]);
});

test("constants are made once, at the start, and the function is valid", () => {
  const module = createModule();
  const index = module.declare({ params: [I32], results: [V128] }, "f");
  const code = createCode(1);
  code.splat(2);
  code.tee(code.local(V128));
  code.splat(2);
  code.op(OP.drop);
  const body = code.body();
  expect(body.bytes.filter((b, i) => b === 0xfd && body.bytes[i + 1] === 12)).toHaveLength(1);
  module.define(index, body);
  expect(WebAssembly.validate(module.encode())).toBe(true);
});
