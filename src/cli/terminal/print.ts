/** Prints a result to standard output as one JSON document. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Prints a result for people to standard output. */
export function printLine(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** Says something beside the result, to standard error. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/**
 * Columns under a header, as wide as their widest cell; numbers to the right.
 *
 * @param rows the first one is the header
 */
export function printTable(rows: readonly (readonly string[])[], { right = [] }: { right?: readonly number[] } = {}): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows) {
    const cells = row.map((cell, column) => (right.includes(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column])));
    printLine(cells.join('  ').trimEnd());
  }
}
