import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { type SandboxVenue, startSandboxVenue } from '../../sandbox/venue.ts';
import { createSources, type SourceSet } from '../../src/sources/create-sources.ts';
import { createFileSource } from '../../src/sources/file/file-source.ts';
import type { Source } from '../../src/sources/source.ts';
import { DAY, NOON } from './collect-rig.ts';
import { describeSourceContract } from './source-contract.ts';

let venue: SandboxVenue;
let sources: SourceSet;
let folder: string;

beforeAll(async () => {
  venue = await startSandboxVenue({ now: NOON });
  sources = createSources({ env: venue.environment });
  folder = await mkdtemp(path.join(tmpdir(), 'predictlab-files-'));
  const line = (index: number): string =>
    `${new Date(NOON - index * 10_000).toISOString()},${(0.3 + (index % 40) / 100).toFixed(2)},${index + 1},${index % 2 ? 'Yes' : 'No'}`;
  for (const name of ['senate-a', 'senate-b']) {
    await writeFile(
      path.join(folder, `${name}.csv`),
      `When,Price,Shares,Outcome\n${Array.from({ length: 10_000 }, (_, index) => line(index)).join('\n')}\n`,
    );
  }
});
afterAll(async () => {
  await sources.close();
  await venue.close();
  await rm(folder, { recursive: true });
});

const sourceOf = (type: 'polymarket' | 'predict' | 'kalshi'): Source => (sources.byType[type] as { source: Source }).source;

describeSourceContract('polymarket', () => ({
  source: sourceOf('polymarket'),
  selectors: [{ eventSlug: 'bitcoin-above-this-month' }],
  unknown: { slug: 'no-such-market' },
  window: { from: NOON - 12 * DAY, to: NOON },
}));

describeSourceContract('predict', () => ({
  source: sourceOf('predict'),
  selectors: [{ categorySlug: 'bitcoin-above-this-month' }],
  unknown: { marketId: 987_654 },
  window: { from: NOON - DAY, to: NOON },
}));

describeSourceContract('kalshi', () => ({
  source: sourceOf('kalshi'),
  selectors: [{ eventTicker: 'KXRAINNYC-26DEC' }],
  unknown: { ticker: 'KXNONE' },
  window: { from: NOON - 25 * DAY, to: NOON },
}));

describeSourceContract('file', () => ({
  source: createFileSource({ base: folder }),
  selectors: [{ path: 'senate*.csv', columns: { time: 'When', price: 'Price', size: 'Shares', outcome: 'Outcome' } }],
  unknown: { path: 'house*.csv' },
  isComplete: true,
  window: { from: NOON - 2 * DAY, to: NOON },
}));
