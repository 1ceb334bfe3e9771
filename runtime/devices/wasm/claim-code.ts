/** @file Code by which threads claim parts of a scan as they come free. In: a module being built. Out: a function. Never
 *  lets a part depend on timing: only who computes it does. */
import { ATOMIC, createCode, type Local, OP } from "./code.ts";
import { type FunctionBody, I32 } from "./encoder.ts";

/**
 * Words by which threads claim parts of a scan, a group of samples for a chunk of steps: one for each group, twice the
 * chunks that are done, and one more while a thread is at the next. `groups` at most, `bytes` for all of a scan's.
 */
export const CLAIMS = { groups: 32, bytes: 4 * 32 } as const;

export const CLAIM = { params: [I32, I32, I32, I32], results: [I32] } as const;

/**
 * (words, groups, chunks, own): claims the next chunk of the group that is least far of those that no thread is at, `own`
 * before others as far; returns group + CLAIMS.groups · chunks done, or -1 where each group is done or has a thread, which
 * goes on with it.
 */
export function claimBody(): FunctionBody {
  const code = createCode(4);
  const [words, groups, chunks, own] = [0, 1, 2, 3];
  const local = (): Local => code.local(I32);
  const [best, least, left, word, at] = [local(), local(), local(), local(), local()];
  const wordOf = (group: Local): void => {
    code.get(words);
    code.get(group);
    code.i32(4);
    code.op(OP.i32Mul);
    code.op(OP.i32Add);
  };
  const step = (local: Local, by: number): void => {
    code.get(local);
    code.i32(by);
    code.op(OP.i32Add);
    code.set(local);
  };
  code.loop(() => {
    // A word that is even and less: a group that is free, and less far.
    code.get(chunks);
    code.i32(2);
    code.op(OP.i32Mul);
    code.set(least);
    code.i32(-1);
    code.set(best);
    code.get(own);
    code.set(at);
    code.get(groups);
    code.set(left);
    code.loop(() => {
      wordOf(at);
      code.atomic(ATOMIC.load, 0);
      code.tee(word);
      code.i32(1);
      code.op(OP.i32And);
      code.op(OP.i32Eqz);
      code.get(word);
      code.get(least);
      code.op(OP.i32LtS);
      code.op(OP.i32And);
      code.choose(
        null,
        () => {
          code.get(word);
          code.set(least);
          code.get(at);
          code.set(best);
        },
        null,
      );
      step(at, 1);
      code.get(at);
      code.get(groups);
      code.op(OP.i32Eq);
      code.choose(
        null,
        () => {
          code.i32(0);
          code.set(at);
        },
        null,
      );
      step(left, -1);
      code.get(left);
      code.branchIf(0);
    });
    code.get(best);
    code.i32(0);
    code.op(OP.i32LtS);
    code.choose(
      null,
      () => {
        code.i32(-1);
        code.op(OP.return);
      },
      null,
    );
    // Another thread may have been faster: then it looks again.
    wordOf(best);
    code.get(least);
    code.get(least);
    code.i32(1);
    code.op(OP.i32Add);
    code.atomic(ATOMIC.exchange, 0);
    code.get(least);
    code.op(OP.i32Sub);
    code.branchIf(0);
  });
  code.get(best);
  code.get(least);
  code.i32(CLAIMS.groups / 2);
  code.op(OP.i32Mul);
  code.op(OP.i32Add);
  return code.body();
}
