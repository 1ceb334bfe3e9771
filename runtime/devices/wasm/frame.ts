/** @file Where a program finds its sizes and buffers: a block of 32-bit words in memory. In: symbols, the
 *  number of buffers. Out: byte offsets of words. Never holds data. */

export interface Frame {
  /** Offset of a symbol's size. */
  size(symbol: string): number;
  /** Offset of a buffer's address. */
  address(buffer: number): number;
  /** Offset of a buffer's length in bytes. */
  length(buffer: number): number;
  readonly words: number;
}

export function frameOf(symbols: readonly string[], buffers: number): Frame {
  const index = new Map(symbols.map((symbol, i): [string, number] => [symbol, i]));
  return {
    size: (symbol) => {
      const at = index.get(symbol);
      if (at === undefined) throw new Error(`no symbol ${symbol}`);
      return 4 * at;
    },
    address: (buffer) => 4 * (symbols.length + buffer),
    length: (buffer) => 4 * (symbols.length + buffers + buffer),
    words: symbols.length + 2 * buffers,
  };
}
