/** @file The name a person meant. In: a word, the names there are. Out: the nearest, or null where none
 *  is near. */

/**
 * By the fewest edits (insert, delete, replace): at most one, or a third of the word's length where
 * that is more, and never all of its letters. Case is no edit.
 */
export function nearest(word: string, names: readonly string[]): string | null {
  let best: string | null = null;
  let least = Math.min(word.length - 1, Math.max(1, Math.floor(word.length / 3))) + 1;
  for (const name of names) {
    const cost = name.toLowerCase() === word.toLowerCase() ? 0 : edits(word, name, least);
    if (cost < least) {
      best = name;
      least = cost;
    }
  }
  return best;
}

/** Levenshtein's distance; `limit` where it is not below that. */
function edits(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)),
      );
    row = next;
  }
  return row[b.length]!;
}
