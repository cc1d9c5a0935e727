import { type BenchResult, ratioOf } from './result.ts';

const HEADER = ['what', 'ours', 'baseline', 'ratio', ''];

/** The results as aligned columns; a ratio above 1 is better than the baseline. */
export function renderTable(results: readonly BenchResult[], { header = true } = {}): string {
  const rows = [...(header ? [HEADER] : []), ...results.map(rowOf)];
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const isNumber = (column: number): boolean => column === 1 || column === 3;
  return rows
    .map((row) =>
      row
        .map((cell, column) => (isNumber(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function rowOf(result: BenchResult): string[] {
  const { name, unit, ours, baseline, note = '' } = result;
  const ratio = ratioOf(result);
  return [
    name,
    `${figure(ours)} ${unit}`,
    baseline === undefined ? '' : `${figure(baseline.value)} ${unit} (${baseline.name})`,
    ratio === null ? '' : `${ratio.toFixed(2)}×`,
    note,
  ];
}

/** Three significant digits, thousands apart: `1.23`, `45.6`, `127,000`. */
function figure(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}
