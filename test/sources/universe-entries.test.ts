import { describe, expect, it } from 'vitest';
import { writtenEntry } from '../../src/contracts/catalogue.ts';
import { parseCatalogue } from '../../src/sources/catalogue/parse-catalogue.ts';

const PM_ALL = {
  universe: 'PM_ALL',
  title: 'Politics',
  enabled: true,
  priority: 2,
  sources: { polymarket: [{ active: true, minVolume: 10_000, tags: ['politics'] }] },
};

describe('a universe in a catalogue file', () => {
  it('is read and written back in the same form', () => {
    const [entry] = parseCatalogue([PM_ALL], 'universe.json');
    expect(entry).toMatchObject({ symbol: 'PM_ALL', kind: 'universe' });
    expect(writtenEntry(entry)).toEqual(PM_ALL);
  });

  it.each([
    ['a selector of a symbol', { polymarket: [{ slug: 'rain' }] }, 'is not a rule for the markets of polymarket; write {"active": true'],
    ['a volume that is not a number', { polymarket: [{ minVolume: 'much' }] }, 'is not a rule for the markets of polymarket'],
    ['no venue', {}, 'name at least one venue'],
    ['no rule', { polymarket: [] }, 'write at least one rule'],
    ['files, which list no markets', { file: [{ path: 'a.csv' }] }, 'file'],
  ])('is refused with %s', (_, sources, message) => {
    expect(() => parseCatalogue([{ universe: 'PM_ALL', sources }], 'universe.json')).toThrow(message);
  });

  it('is refused when its name leaves no room for the number of a shard, or is also the name of a symbol', () => {
    expect(() => parseCatalogue([{ ...PM_ALL, universe: 'PM.ALL' }], 'universe.json')).toThrow('write 1 to 100 letters, digits, _ -');
    const symbol = { symbol: 'PM_ALL', sources: { polymarket: [{ slug: 'rain' }] } };
    expect(() => parseCatalogue([symbol, PM_ALL], 'universe.json')).toThrow('the symbol is already at [0]');
  });
});
