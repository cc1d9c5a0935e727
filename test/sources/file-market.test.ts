import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createFileSource, type FileSelector } from '../../src/sources/file/file-source.ts';

const base = mkdtempSync(path.join(tmpdir(), 'predictlab-market-'));
afterAll(() => rmSync(base, { recursive: true }));
const csv = (name: string, price: (i: number) => number): void =>
  writeFileSync(
    path.join(base, name),
    `time,price\n${Array.from({ length: 20 }, (_, i) => `2026-01-${String(i + 1).padStart(2, '0')},${price(i)}`).join('\n')}\n`,
  );
csv('asset.csv', (i) => 41_000.5 + i * 10.25);
csv('chance.csv', (i) => 0.4 + i / 100);
csv('cents.csv', (i) => 40 + i);

const discovered = (selector: FileSelector) =>
  createFileSource({ base }).discover({
    symbol: 'OWN',
    selectors: [selector],
    window: { from: 0, to: Date.UTC(2026, 1) },
    asOf: Date.UTC(2026, 1),
    known: [],
    signal: new AbortController().signal,
  });

it.each([
  [{ path: 'asset.csv' }, 'asset'],
  [{ path: 'chance.csv' }, 'probability'],
  [{ path: 'asset.csv', market: 'probability' }, 'probability'],
  [{ path: 'cents.csv', market: 'asset' }, 'asset'],
] as const)('a run treats %j as the kind of market that the other commands detect', async (selector, market) => {
  expect((await discovered(selector)).instruments).toMatchObject([{ market }]);
});

it('a run over a file with prices between 1 and 100 asks for the kind of market instead of quarantining every row', async () => {
  await expect(discovered({ path: 'cents.csv' })).rejects.toThrow(
    /prices from 40 to 59 may be cents of a probability or the prices of an asset/,
  );
});
