/** @file What commands print. In: rows, numbers. Out: text for people. Never decides what is true. */

/** May stderr show colours? NO_COLOR and pipes say no. */
export function colour(stream: { readonly isTTY?: boolean } = process.stderr): boolean {
  return stream.isTTY === true && process.env.NO_COLOR === undefined;
}

/** Columns padded to their widest cell; numbers to the right, formulas (`4·H`) not. The first row is the head. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const cells = rows.map((row) => row.map(String));
  const widths = (cells[0] ?? []).map((_, i) =>
    Math.max(...cells.map((row) => (row[i] ?? "").length)),
  );
  const numeric = (rows[1] ?? []).map(
    (cell) => typeof cell === "number" || /^[-\d.][^·]*$/.test(String(cell)),
  );
  const lines = cells.map((row) =>
    row
      .map((cell, i) => (numeric[i] ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
  const rule = widths.map((w) => "─".repeat(w)).join("  ");
  return `${[lines[0], rule, ...lines.slice(1)].join("\n")}\n`;
}

/** 1234567 → "1.23 M"; three significant digits. */
export function short(x: number): string {
  const units = ["", " k", " M", " G", " T"];
  let value = x;
  let unit = 0;
  while (Math.abs(value) >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 && Number.isInteger(value) ? value : value.toPrecision(3)}${units[unit]}`;
}

/** One JSON value a line on stdout. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
