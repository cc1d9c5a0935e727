import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
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

const source = createFileSource({ base });
const request = {
  symbol: 'OWN',
  window: { from: 0, to: Date.UTC(2026, 1) },
  asOf: Date.UTC(2026, 1),
  signal: new AbortController().signal,
};
const discovered = (...selectors: readonly FileSelector[]) => source.discover({ ...request, selectors, known: [] });

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

it('a market that its owner settled without a close ends with its last tick, and otherwise at the stated close', async () => {
  const { instruments } = await discovered({ path: 'chance.csv', resolution: 1 });
  expect(instruments).toMatchObject([{ closed: true, closedAt: Date.UTC(2026, 0, 20), resolution: { kind: 'settled', payout: 1 } }]);
  const stated = await discovered({ path: 'chance.csv', resolution: 1, closedAt: '2026-01-25T00:00:00Z' });
  expect(stated.instruments).toMatchObject([{ closed: true, closedAt: Date.UTC(2026, 0, 25) }]);
  const open = await discovered({ path: 'chance.csv' });
  expect(open.instruments).toMatchObject([{ closed: false, closesAt: null, resolution: { kind: 'open' } }]);
});

it('a file that cannot be read is a problem beside the others, and an error where it is the only one', async () => {
  csv('empty.csv', () => 0.5);
  writeFileSync(path.join(base, 'empty.csv'), '');
  const { instruments, problems } = await discovered({ path: 'chance.csv' }, { path: 'empty.csv' }, { path: 'gone.csv' });
  expect(instruments).toHaveLength(1);
  expect(problems).toEqual([expect.stringMatching(/^OWN: .*gone\.csv/), expect.stringMatching(/^OWN: .*empty\.csv/)]);
  await expect(discovered({ path: 'gone.csv' })).rejects.toThrow(/^OWN: .*gone\.csv/);
});

describe('the rows of a file', () => {
  const collected = async (from: number, to: number, cursor?: { line: number }) => {
    const selectors = [{ path: 'chance.csv' }];
    const [instrument] = (await discovered(...selectors)).instruments;
    const window = { from: Date.UTC(2026, 0, from), to: Date.UTC(2026, 0, to) };
    const pages = [];
    for await (const page of source.collect({
      ...request,
      instrument,
      selectors,
      window,
      asOf: window.to,
      ...(cursor && { cursor }),
    } as never))
      pages.push(page);
    return {
      rows: pages.reduce((sum, { rows }) => sum + rows.length, 0),
      cursors: pages.map((page) => page.cursor),
      problems: pages.flatMap((page) => page.problems ?? []),
      coverage: pages.flatMap((page) => page.coverage),
    };
  };

  it('in the window are stored, and the window is covered once the whole file was read', async () => {
    expect(await collected(5, 8)).toEqual({
      rows: 4,
      cursors: [{ line: 21 }, { line: 21 }],
      problems: [],
      coverage: [{ from: Date.UTC(2026, 0, 5), to: Date.UTC(2026, 0, 8) }],
    });
    expect((await collected(18, 25, { line: 21 })).problems).toEqual([]);
  });

  it('that all lie outside of the window are named with the options that reach them, and cover nothing', async () => {
    const { rows, problems, coverage } = await collected(25, 28);
    expect([rows, coverage]).toEqual([0, []]);
    expect(problems).toEqual([
      "chance.csv has 20 rows from 2026-01-01 to 2026-01-20, none of them in the run's window 2026-01-25 to 2026-01-28; use --as-of 2026-01-21 and --days to reach them",
    ]);
  });
});
