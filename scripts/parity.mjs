// npm run parity: ours beside other libraries on their published cases, written to docs/parity.md
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { backtestingCases, sharpeByDefinition } from './parity/backtesting.mjs';
import { freqtradeCandles } from './parity/candles.mjs';
import { feeCases } from './parity/fees.mjs';
import { forecastCases } from './parity/forecasts.mjs';
import { indicatorCases } from './parity/indicators.mjs';
import { REFERENCE } from './parity/reference.mjs';
import { returnCases } from './parity/returns.mjs';
import { table } from './parity/table.mjs';
import { wrapLines } from './set-up/markdown.mjs';
import { ROOT, runMain, SetUpError, say } from './set-up/project.mjs';
import { setUp } from './set-up/set-up.mjs';

const HEAD = `# Parity: ours beside other libraries

Written by \`npm run parity\` from the current code and the cases that each library publishes (they lie in \`../shared/reference\`,
outside of this repository). "Difference" is relative to theirs, the largest one where a row covers many values; everything
that is meant to be equal must be within 1e-9, or the command fails. What differs on purpose says why.
`;

await runMain(async () => {
  if (!existsSync(REFERENCE)) throw new SetUpError(`the published cases are not at ${REFERENCE}; docs/parity.md stays as it is`);
  await setUp();
  const sections = [];
  for (const make of [backtestingCases, sharpeByDefinition, returnCases, indicatorCases, forecastCases, feeCases, freqtradeCandles]) {
    sections.push(...(await make()));
  }
  const text = [HEAD, ...sections.map(({ title, about, rows }) => `## ${title}\n\n${about}\n\n${table(rows)}\n`)].join('\n');
  const file = path.join(ROOT, 'docs/parity.md');
  writeFileSync(file, wrapLines(text));
  const wrong = sections.flatMap(({ title, rows }) => rows.filter(({ fails }) => fails).map(({ field }) => `${title}: ${field}`));
  for (const one of wrong) say(`not equal: ${one}`);
  say(`${file}: ${sections.flatMap(({ rows }) => rows).length} fields, ${wrong.length} not equal that should be`);
  return wrong.length === 0 ? 0 : 1;
});
