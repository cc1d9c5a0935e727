import { oneLine, visibleJson, visibleText } from '../../contracts/text/plain-text.ts';
import { textWidth } from './terminal-text.ts';

/** Prints a result to standard output as one JSON document. */
export function printJson(value: unknown): void {
  process.stdout.write(`${visibleJson(JSON.stringify(value, null, 2))}\n`);
}

/** Prints one JSON document to standard output as one line. */
export function printJsonLine(value: unknown): void {
  process.stdout.write(`${visibleJson(JSON.stringify(value))}\n`);
}

/** Prints a result for people to standard output. What it names from outside has to be one line (`oneLine`) where it must be. */
export function printLine(text = ''): void {
  process.stdout.write(`${visibleText(text)}\n`);
}

/** Prints lines that have colours of ours in them; foreign text in them was made plain before it was coloured. */
export function printPainted(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Says something beside the result, to standard error. */
export function note(text: string): void {
  process.stderr.write(`${visibleText(text)}\n`);
}

/**
 * Columns under a header, as wide as their widest cell; numbers to the right.
 *
 * @param rows the first one is the header
 */
export function printTable(rows: readonly (readonly string[])[], { right = [] }: { right?: readonly number[] } = {}): void {
  const table = rows.map((row) => row.map(oneLine));
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => textWidth(row[column]))));
  for (const row of table) {
    const cells = row.map((cell, column) => {
      const room = ' '.repeat(widths[column] - textWidth(cell));
      return right.includes(column) ? room + cell : cell + room;
    });
    printLine(cells.join('  ').trimEnd());
  }
}
