import { oneLine, visibleJson, visibleText } from '../../contracts/text/plain-text.ts';
import { textWidth } from './terminal-text.ts';

/** Prints a result to standard output as one JSON document. */
export function printJson(value: unknown): void {
  process.stdout.write(`${visibleJson(JSON.stringify(value, null, 2))}\n`);
}

/** Prints a result: its value as JSON when that was requested, otherwise the same in words. */
export function printAnswer(json: boolean | undefined, value: unknown, words: string | readonly string[]): void {
  if (json) printJson(value);
  else for (const line of [words].flat()) printLine(line);
}

/** Prints one JSON document to standard output as one line. */
export function printJsonLine(value: unknown): void {
  process.stdout.write(`${visibleJson(JSON.stringify(value))}\n`);
}

/** Prints a line for people to standard output. The caller passes foreign text through `oneLine` where it must stay on one line. */
export function printLine(text = ''): void {
  process.stdout.write(`${visibleText(text)}\n`);
}

/** Prints lines with colour codes. The caller has already made the foreign text in them plain. */
export function printPainted(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Prints a note to standard error, separate from the result. */
export function note(text: string): void {
  process.stderr.write(`${visibleText(text)}\n`);
}

/**
 * Prints columns under a header, each as wide as its widest cell.
 *
 * @param rows the first row is the header
 * @param options.right columns aligned to the right
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
