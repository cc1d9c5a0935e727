// npm run parity [-- --random 200 [--python python3] [--seed 1]]: ours beside other libraries on their published cases, and with --random on
// random series beside those that are installed; written to docs/parity.md
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { backtestingCases, sharpeByDefinition } from './parity/backtesting.mjs';
import { freqtradeCandles } from './parity/candles.mjs';
import { feeCases } from './parity/fees.mjs';
import { forecastCases } from './parity/forecasts.mjs';
import { indicatorCases } from './parity/indicators.mjs';
import { RANDOM_TITLE, randomSeries } from './parity/random-series.mjs';
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

const { values: options } = parseArgs({
  options: { random: { type: 'string' }, python: { type: 'string', default: 'python3' }, seed: { type: 'string', default: '1' } },
});

await runMain(async () => {
  const count = options.random === undefined ? 0 : Number(options.random);
  if (!Number.isInteger(count) || count < 0 || count > 10_000)
    throw new SetUpError(`--random ${options.random}: how many series, 1 to 10000`);
  if (!existsSync(REFERENCE)) throw new SetUpError(`the published cases are not at ${REFERENCE}; docs/parity.md stays as it is`);
  await setUp();
  const sections = [];
  for (const make of [backtestingCases, sharpeByDefinition, returnCases, indicatorCases, forecastCases, feeCases, freqtradeCandles]) {
    sections.push(...(await make()));
  }
  const text = [HEAD, ...sections.map(({ title, about, rows }) => `## ${title}\n\n${about}\n\n${table(rows)}\n`)].join('\n');
  const file = path.join(ROOT, 'docs/parity.md');
  const random = count > 0 ? await randomSeries({ count, python: options.python, seed: Number(options.seed) }) : undefined;
  writeFileSync(file, wrapLines(`${text}\n${random?.text ?? randomSection(file)}`.trimEnd().concat('\n')));
  const wrong = sections.flatMap(({ title, rows }) => rows.filter(({ fails }) => fails).map(({ field }) => `${title}: ${field}`));
  wrong.push(...(random?.wrong ?? []));
  for (const one of wrong) say(`not equal: ${one}`);
  say(`${file}: ${sections.flatMap(({ rows }) => rows).length} fields, ${wrong.length} not equal that should be`);
  return wrong.length === 0 ? 0 : 1;
});

/** What was measured of random series before: it needs the peers, the published cases do not. */
function randomSection(file) {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const at = text.indexOf(RANDOM_TITLE);
  return at < 0 ? '' : text.slice(at);
}
