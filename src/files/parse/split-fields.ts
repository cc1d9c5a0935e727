const QUOTE = '"';

/** The supported delimiters. A file's delimiter is the one that is most frequent in its header; ties go to the earlier one here. */
const DELIMITERS = [',', ';', '\t', '|'] as const;

/** The delimiter of a file, judged by its header. */
export function delimiterOf(header: string): string {
  const count = (delimiter: string): number => header.split(delimiter).length;
  return DELIMITERS.reduce<string>((best, delimiter) => (count(delimiter) > count(best) ? delimiter : best), ',');
}

/**
 * The fields of one line. A field may be quoted, with `""` for a quote. It may not contain a line break: otherwise a quote that is never
 * closed would swallow the lines after it.
 * @returns null when a quote is not closed or text follows a closing one
 */
export function splitFields(line: string, delimiter: string): string[] | null {
  if (!line.includes(QUOTE)) return line.split(delimiter);
  const fields: string[] = [];
  let at = 0;
  while (true) {
    if (line[at] !== QUOTE) {
      const end = line.indexOf(delimiter, at);
      fields.push(end < 0 ? line.slice(at) : line.slice(at, end));
      if (end < 0) return fields;
      at = end + 1;
      continue;
    }
    let close = line.indexOf(QUOTE, at + 1);
    let hasDoubled = false;
    while (close >= 0 && line[close + 1] === QUOTE) {
      hasDoubled = true;
      close = line.indexOf(QUOTE, close + 2);
    }
    if (close < 0) return null;
    const field = line.slice(at + 1, close);
    fields.push(hasDoubled ? field.replaceAll('""', QUOTE) : field);
    if (close + 1 === line.length) return fields;
    if (line[close + 1] !== delimiter) return null;
    at = close + 2;
  }
}
