/** @file Where a program finds its sizes, its buffers and its share of the work: a block of 32-bit words in
 *  memory, one for each thread. In: symbols, numbers of buffers and stages. Out: byte offsets of words.
 *  Never holds data. */

export interface Frame {
  /** Offset of a symbol's size. */
  size(symbol: string): number;
  /** Offset of a buffer's address. */
  address(buffer: number): number;
  /** Offset of a buffer's length in bytes. */
  length(buffer: number): number;
  /** Offset of the thread's number, from 0. */
  readonly part: number;
  /** Offset of the number of threads. */
  readonly parts: number;
  /** Offset of the address of the words where threads meet. */
  readonly meeting: number;
  /** Offset of the number of threads that a stage is dealt to; where it is 1, thread 0 computes it. */
  threads(stage: number): number;
  /** Offset of a stage's MODE bits. */
  mode(stage: number): number;
  /** Offset of the number of portions of a kernel that threads claim; 0 where each thread has its own part. */
  portions(stage: number): number;
  /** Offset of a scan's samples that go together in a claim; 0 where each thread has its own. */
  group(stage: number): number;
  /** Offset of a scan's steps that are claimed at a time. */
  chunk(stage: number): number;
  readonly words: number;
}

/**
 * meet: threads wait for each other after the stage. columns: columns of a scan are dealt, not samples. ahead: of a
 * kernel and the scan after it, thread 1 computes the kernel's steps while thread 0 takes them. packs: threads wait for
 * each other once they have packed what the stage reads.
 */
export const MODE = { meet: 1, columns: 2, ahead: 4, packs: 8 } as const;

export function frameOf(symbols: readonly string[], buffers: number, stages: number): Frame {
  const index = new Map(symbols.map((symbol, i): [string, number] => [symbol, i]));
  const part = symbols.length + 2 * buffers;
  const first = part + 3;
  return {
    size: (symbol) => {
      const at = index.get(symbol);
      if (at === undefined) throw new Error(`no symbol ${symbol}`);
      return 4 * at;
    },
    address: (buffer) => 4 * (symbols.length + buffer),
    length: (buffer) => 4 * (symbols.length + buffers + buffer),
    part: 4 * part,
    parts: 4 * (part + 1),
    meeting: 4 * (part + 2),
    threads: (stage) => 4 * (first + 5 * stage),
    mode: (stage) => 4 * (first + 5 * stage + 1),
    portions: (stage) => 4 * (first + 5 * stage + 2),
    group: (stage) => 4 * (first + 5 * stage + 3),
    chunk: (stage) => 4 * (first + 5 * stage + 4),
    words: first + 5 * stages,
  };
}
