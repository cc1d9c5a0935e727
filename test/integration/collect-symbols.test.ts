import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type SandboxVenue, startSandboxVenue } from '../../sandbox/venue.ts';
import { main } from '../../src/cli/main.ts';
import type { CatalogueEntry } from '../../src/contracts/catalogue.ts';
import type { SearchHit } from '../../src/sources/source.ts';
import { listSymbols } from '../../src/storage/markets/catalogue.ts';
import { NOON } from '../sources/collect-rig.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';

let venue: SandboxVenue;
let test: TestDatabase;
let folder: string;
let out = '';
let err = '';

beforeAll(async () => {
  venue = await startSandboxVenue({ now: NOON });
  folder = await mkdtemp(path.join(tmpdir(), 'predictlab-symbols-'));
});
afterAll(async () => {
  await venue.close();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  test = await testDatabase();
  for (const [name, value] of Object.entries({ ...venue.environment, DATABASE_URL: test.url })) vi.stubEnv(name, value);
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((out += String(text))) || true);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean((err += String(text))) || true);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await test.close();
});

/** Runs one command line. @returns its exit code and what it printed */
async function predictlab(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  out = '';
  err = '';
  const code = await main(args);
  return { code, out, err };
}

const list = async (): Promise<CatalogueEntry[]> => JSON.parse((await predictlab('symbols', 'list', '--json')).out) as CatalogueEntry[];

describe('predictlab symbols', () => {
  it('imports the shipped catalogue when no file is named', async () => {
    expect((await predictlab('symbols', 'import')).code).toBe(0);
    const symbols = (await list()).map(({ symbol }) => symbol);
    expect(symbols).toEqual(expect.arrayContaining(['BTC_PRICE', 'ETH_PRICE', 'SOL_PRICE']));
    expect(symbols.length).toBeGreaterThanOrEqual(15);
  });

  it('exports what it imports, and merges by symbol unless --replace is given', async () => {
    const file = path.join(folder, 'catalogue.json');
    await writeFile(file, JSON.stringify([{ symbol: 'RAIN', sources: { polymarket: [{ slug: 'rain' }] } }]));
    await predictlab('symbols', 'import');
    const before = await list();
    expect(JSON.parse((await predictlab('symbols', 'import', file, '--json')).out)).toEqual({ added: 1, updated: 0, removed: 0 });
    expect(await list()).toHaveLength(before.length + 1);
    const counts = JSON.parse((await predictlab('symbols', 'import', file, '--replace', '--json')).out) as object;
    expect(counts).toEqual({ added: 0, updated: 1, removed: before.length });
    const exported = path.join(folder, 'exported.json');
    await predictlab('symbols', 'export', '--out', exported);
    expect(JSON.parse(await readFile(exported, 'utf8'))).toEqual(await list());
    expect((await predictlab('symbols', 'export')).out).toBe(await readFile(exported, 'utf8'));
  });

  it('lists every problem of a bad catalogue and imports none of it', async () => {
    const file = path.join(folder, 'bad.json');
    const entries = [
      { symbol: 'GOOD', sources: {} },
      { symbol: 'BAD', sources: { polymarket: [{ slugg: 'x' }] } },
      { symbol: 'GOOD', priority: 9, sources: {} },
    ];
    await writeFile(file, JSON.stringify(entries));
    const { code, err: said } = await predictlab('symbols', 'import', file);
    expect(code).toBe(2);
    expect(said).toContain('{"slugg":"x"} is not a selector of polymarket');
    expect(said).toContain('priority');
    expect(await listSymbols(test.database)).toEqual([]);
  });

  it('adds selectors to a symbol, switches it off and on, and removes it', async () => {
    expect(
      (await predictlab('symbols', 'add', 'RAIN', '--polymarket', 'slug=rain', '--title', 'Will it rain?', '--priority', '2')).code,
    ).toBe(0);
    await predictlab('symbols', 'add', 'RAIN', '--predict', 'marketId=12', '--polymarket', 'slug=rain', '--file', 'ticks/*.csv');
    expect(await list()).toEqual([
      {
        symbol: 'RAIN',
        title: 'Will it rain?',
        enabled: true,
        priority: 2,
        sources: { polymarket: [{ slug: 'rain' }], predict: [{ marketId: 12 }], file: [{ path: 'ticks/*.csv' }] },
      },
    ]);
    await predictlab('symbols', 'disable', 'RAIN');
    expect((await list())[0].enabled).toBe(false);
    await predictlab('symbols', 'enable', 'RAIN');
    expect((await list())[0].enabled).toBe(true);
    await predictlab('symbols', 'remove', 'RAIN');
    expect(await list()).toEqual([]);
  });

  it('suggests the nearest name for a misspelt one', async () => {
    await predictlab('symbols', 'add', 'BTC_PRICE', '--polymarket', 'slug=x');
    const { code, err: said } = await predictlab('symbols', 'show', 'BTC_PRIZE');
    expect(code).toBe(2);
    expect(said).toContain('did you mean BTC_PRICE?');
  });

  it('searches both venues and shows which markets are twins', async () => {
    const { code, out: found } = await predictlab('symbols', 'search', 'bitcoin', 'above', '--json');
    expect(code).toBe(0);
    const hits = JSON.parse(found) as SearchHit[];
    const polymarket = hits.find((hit) => hit.source === 'polymarket');
    const predict = hits.find((hit) => hit.source === 'predict');
    expect(polymarket?.selector).toEqual({ eventSlug: 'bitcoin-above-this-month' });
    expect(predict?.selector).toEqual({ categorySlug: 'bitcoin-above-this-month' });
    expect(predict?.twins.length).toBe(3);
    expect(polymarket?.twins).toEqual(expect.arrayContaining(predict?.instruments.slice() ?? []));
  });

  it('lists the open events of a tag', async () => {
    const { code, out: found } = await predictlab('symbols', 'search', '--tag', 'crypto', '--json');
    expect(code).toBe(0);
    const hits = JSON.parse(found) as SearchHit[];
    expect(hits.map(({ selector }) => selector)).toContainEqual({ eventSlug: 'bitcoin-above-this-month' });
    const narrowed = JSON.parse((await predictlab('symbols', 'search', 'ethereum', '--tag', 'crypto', '--json')).out) as SearchHit[];
    expect(narrowed.length).toBeGreaterThan(0);
    expect(narrowed.length).toBeLessThan(hits.length);
    expect((await predictlab('symbols', 'search')).code).toBe(2);
  });

  it('searches only Polymarket without a Predict.fun key, and says why', async () => {
    vi.stubEnv('PREDICT_API_KEY', '');
    const { code, out: found, err: said } = await predictlab('symbols', 'search', 'bitcoin', '--json');
    expect(code).toBe(0);
    expect((JSON.parse(found) as SearchHit[]).every(({ source }) => source === 'polymarket')).toBe(true);
    expect(said).toContain('PREDICT_API_KEY');
  });
});
