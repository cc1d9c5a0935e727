import { oneLine, visibleJson, visibleText } from '../../contracts/text/plain-text.ts';

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

/** Exit codes of every command: 0 ok, 1 the run failed, 2 wrong usage, 3 cannot reach a service; more than 128 when a signal ended it. */
type ExitCode = 0 | 1 | 2 | 3 | 129 | 130 | 143;

/** Ends the command with a code and one sentence on standard error (what, where, what to do). */
export class ExitError extends Error {
  override readonly name = 'ExitError';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** Wrong usage, which only the user can fix: exit code 2. */
export const usageError = (message: string): ExitError => new ExitError(2, message);

/** The error for a run that does not exist although a command names it. */
export const noRun = (run: string): ExitError => usageError(`there is no run ${oneLine(run)}; \`predictlab runs\` lists them`);

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const ZERO_WIDTH = /[\p{Mn}\p{Me}\p{Cf}]/u;

const cells = (character: string): number => (ZERO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1);

/** The number of terminal cells that a text takes: one or two per character. */
export const textWidth = (text: string): number => {
  let width = 0;
  for (const character of text) width += cells(character);
  return width;
};

/** The text cut to at most `width` cells, with `…` where something is missing. */
export const fitText = (text: string, width: number): string => {
  if (textWidth(text) <= width) return text;
  if (width <= 0) return '';
  let used = 0;
  let kept = '';
  for (const character of text) {
    used += cells(character);
    if (used > width - 1) break;
    kept += character;
  }
  return `${kept.trimEnd()}…`;
};

/** The text as lines of at most `width` cells, broken between words where it can be. */
export const wrapText = (text: string, width: number): readonly string[] => {
  const lines: string[] = [];
  for (const word of text.split(' ').flatMap((part) => part.match(new RegExp(`.{1,${width}}`, 'gu')) ?? [])) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && textWidth(longer) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
};

/** The text padded with spaces to a width in terminal cells; longer text is unchanged. */
export const padText = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - textWidth(text)));
