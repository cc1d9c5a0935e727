import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { scratchFolder } from '../files/scratch.ts';

interface Files {
  readonly unit: readonly string[];
  readonly services: readonly string[];
}
const { filesOfTier, proofOf, tierProblems } = (await import(new URL('../../scripts/set-up/tiers.mjs', import.meta.url).href)) as {
  filesOfTier: (tier: string | undefined, root?: string) => Files;
  proofOf: (folder: string, root?: string) => string[] | undefined;
  tierProblems: (root?: string) => string[];
};
const { parseTestArgs } = (await import(new URL('../../scripts/set-up/test-args.mjs', import.meta.url).href)) as {
  parseTestArgs: (args: readonly string[]) => { tier: string; selection?: string; paths: string[]; counts?: string; vitestArgs: string[] };
};

const folder = scratchFolder();
const write = (file: string, text = ''): void => {
  mkdirSync(path.dirname(path.join(folder.path, file)), { recursive: true });
  writeFileSync(path.join(folder.path, file), text);
};
const tiers = (facts: object): void =>
  write(
    'test/tiers.json',
    JSON.stringify({ quick: ['test/integration/a.test.ts'], slow: [], night: ['test/model/n.test.ts'], proves: PROVES, ...facts }),
  );
const PROVES = { storage: ['a'], 'storage/candles': ['a', 'b'], market: [] };

beforeEach(() => {
  for (const file of ['src/storage/x.ts', 'src/storage/candles/deep/y.ts', 'src/market/m.ts']) write(file);
  for (const file of ['test/integration/a.test.ts', 'test/integration/b.test.ts', 'test/model/n.test.ts', 'test/market/m.test.ts'])
    write(file);
  write('test/storage/counted.test.ts', "import { worlds } from '../support/worlds.ts';");
  write('test/storage/own.service.test.ts');
  tiers({});
});

describe('the tiers of tests', () => {
  it('run each file once in the quick tier or the rest, and the property tests a second time with all their cases', () => {
    expect(filesOfTier('quick', folder.path)).toEqual({
      unit: ['test/market/m.test.ts', 'test/storage/counted.test.ts'],
      services: ['test/integration/a.test.ts'],
    });
    expect(filesOfTier('rest', folder.path)).toEqual({
      unit: ['test/storage/counted.test.ts'],
      services: ['test/integration/b.test.ts', 'test/storage/own.service.test.ts'],
    });
    expect(filesOfTier('night', folder.path)).toEqual({ unit: ['test/model/n.test.ts', 'test/storage/counted.test.ts'], services: [] });
    tiers({ slow: ['test/market/m.test.ts'] });
    expect(filesOfTier('quick', folder.path).unit).toEqual(['test/storage/counted.test.ts']);
    expect(filesOfTier('rest', folder.path).unit).toEqual(['test/market/m.test.ts', 'test/storage/counted.test.ts']);
  });

  it('are complete: every file is in the full or the night tier, and vitest by hand runs every file', () => {
    const all = ({ unit, services }: Files) => [...unit, ...services].toSorted();
    const [full, night, hand] = ['full', 'night', undefined].map((tier) => all(filesOfTier(tier, folder.path)));
    expect([...new Set([...full, ...night])].toSorted()).toEqual(hand);
    expect([...new Set([...all(filesOfTier('quick', folder.path)), ...all(filesOfTier('rest', folder.path))])].toSorted()).toEqual(full);
  });

  it('prove a folder with its mirrored unit tests and the service files of the map, or those of the nearest mapped folder above', () => {
    const storage = ['test/storage/counted.test.ts', 'test/storage/own.service.test.ts'];
    const [a, b] = ['test/integration/a.test.ts', 'test/integration/b.test.ts'];
    expect(proofOf('src/storage', folder.path)).toEqual([...storage, a]);
    expect(proofOf('src/storage/candles', folder.path)).toEqual([...storage, a, b]);
    expect(proofOf('src/storage/candles/deep/y.ts', folder.path)).toEqual([...storage, a, b]);
    expect(proofOf('src/market', folder.path)).toEqual(['test/market/m.test.ts']);
    write('src/market/candles/c.ts');
    write('test/market/candles/c.test.ts');
    write('test/market/m.test.ts', "import '../../src/market/candles/c.ts';");
    expect(proofOf('src/market/candles', folder.path)).toEqual(['test/market/candles/c.test.ts', 'test/market/m.test.ts']);
    expect(proofOf('src/nowhere', folder.path)).toBeUndefined();
  });

  it('have a correct map in this project', () => {
    expect(tierProblems()).toEqual([]);
  });

  it.each<[object, string]>([
    [{ quick: ['test/integration/gone.test.ts'] }, 'test/tiers.json names test/integration/gone.test.ts, which does not exist'],
    [{ night: ['test/integration/a.test.ts'] }, 'test/integration/a.test.ts in both quick and night'],
    [{ slow: ['test/integration/b.test.ts'] }, 'test/integration/b.test.ts in slow, which is for unit tests'],
    [{ quick: ['test/market/m.test.ts'] }, 'test/market/m.test.ts needs no servers'],
    [{ proves: { 'storage/candles': ['a'], market: [] } }, 'does not say what proves src/storage'],
    [{ proves: { ...PROVES, gone: ['a'] } }, 'names src/gone under "proves", which holds no code'],
    [{ proves: { ...PROVES, market: ['gone'] } }, 'names test/integration/gone.test.ts, which does not exist'],
  ])('have a map that is refused when it is wrong: %j', (facts, says) => {
    tiers(facts);
    expect(tierProblems(folder.path)).toEqual([expect.stringContaining(says) as string]);
  });
});

describe('`npm test --`', () => {
  it('runs the quick tier by default, another tier by name, and any file that is given', () => {
    expect(parseTestArgs([])).toMatchObject({ tier: 'quick', selection: 'quick', paths: [] });
    expect(parseTestArgs(['--tier', 'full', '--counts=c.json'])).toMatchObject({ tier: 'full', selection: 'full', counts: 'c.json' });
    expect(parseTestArgs(['test/integration/a.test.ts', '-t', 'name'])).toMatchObject({
      selection: undefined,
      vitestArgs: ['test/integration/a.test.ts', '-t', 'name'],
    });
  });

  it('runs with --for the tests that prove a folder of src, with as many cases as the quick tier', () => {
    const { tier, selection, paths } = parseTestArgs(['--for', 'src/storage/candles', '--for=src/storage']);
    expect([tier, selection]).toEqual(['quick', undefined]);
    expect(paths).toContain('test/integration/storage-stages.test.ts');
    expect(new Set(paths).size).toBe(paths.length);
  });

  it('refuses a folder outside src and an unknown tier', () => {
    expect(() => parseTestArgs(['--for', 'src/nowhere'])).toThrow('--for src/nowhere: there is no such folder in src');
    expect(() => parseTestArgs(['--for'])).toThrow('--for needs a value');
    expect(() => parseTestArgs(['--tier', 'nightly'])).toThrow('one of quick, full, rest, night');
  });
});

it('an equivalent mutant is reported when its file or its code is gone', async () => {
  const { equivalentProblems } = (await import(new URL('../../scripts/mutate/floors.mjs', import.meta.url).href)) as {
    equivalentProblems: (listed: readonly object[], mutantsIn: (file: string) => readonly object[] | undefined) => string[];
  };
  const mutant = { code: 'a < b', becomes: 'a <= b' };
  const listed = [
    { file: 'here.ts', ...mutant },
    { file: 'here.ts', code: 'a > b', becomes: 'a >= b' },
    { file: 'gone.ts', ...mutant },
  ];
  expect(equivalentProblems(listed, (file) => (file === 'here.ts' ? [mutant] : undefined))).toEqual([
    'scripts/mutate/equivalent.mjs: src/here.ts has no mutant of a > b; remove the entry, or name its new file',
    'scripts/mutate/equivalent.mjs: src/gone.ts has no mutant of a < b; remove the entry, or name its new file',
  ]);
});

it('every folder of src has a minimum share of killed mutants, and every minimum has a folder', async () => {
  const { floorProblems } = (await import(new URL('../../scripts/mutate/floors.mjs', import.meta.url).href)) as {
    floorProblems: (floors: Readonly<Record<string, number>>, rooms: readonly string[]) => string[];
  };
  expect(floorProblems({ market: 90, gone: 80 }, ['market', 'storage'])).toEqual([
    'scripts/mutate/floors.json has no floor for src/storage; measure one with: npm run mutate -- storage',
    'scripts/mutate/floors.json names src/gone, which does not exist; remove it',
  ]);
  expect(floorProblems({ market: 90 }, ['market'])).toEqual([]);
});
