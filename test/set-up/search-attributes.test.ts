import { describe, expect, it } from 'vitest';
import { findAttributes, registerAttributes, registerCommand, searchable } from '../../src/set-up/temporal/search-attributes.ts';

const listing = (customAttributes: Record<string, number>) => ({ listSearchAttributes: async () => ({ customAttributes }) }) as never;

describe('the search attributes of a namespace', () => {
  it.each([
    [{ PredictLabVerdict: 2, PredictLabSymbol: 7, Other: 1 }, { missing: [], otherType: [] }, true],
    [{ PredictLabVerdict: 2 }, { missing: ['PredictLabSymbol'], otherType: [] }, false],
    [{ PredictLabVerdict: 1, PredictLabSymbol: 7 }, { missing: [], otherType: ['PredictLabVerdict'] }, false],
    [{ PredictLabVerdict: 1 }, { missing: ['PredictLabSymbol'], otherType: ['PredictLabVerdict'] }, false],
    [{}, { missing: ['PredictLabVerdict', 'PredictLabSymbol'], otherType: [] }, false],
  ])('are missing or have another type: %j', async (has, found, may) => {
    expect(await findAttributes(listing(has), 'default')).toEqual(found);
    expect(await searchable(async () => await findAttributes(listing(has), 'default'))()).toBe(may);
  });

  it('are not used when the server does not state them', async () => {
    expect(await searchable(async () => await Promise.reject(new Error('not permitted')))()).toBe(false);
  });

  it('are looked up once for many runs', async () => {
    let asked = 0;
    const may = searchable(async () => {
      asked += 1;
      return { missing: [], otherType: [] };
    });
    expect(await Promise.all([may(), may(), may()])).toEqual([true, true, true]);
    expect(asked).toBe(1);
  });

  it('are registered only where they are missing', async () => {
    const added: unknown[] = [];
    const service = (has: Record<string, number>) =>
      ({
        listSearchAttributes: async () => ({ customAttributes: has }),
        addSearchAttributes: async (one: object) => added.push(one),
      }) as never;
    await registerAttributes(service({ PredictLabVerdict: 2 }), 'quants');
    await registerAttributes(service({ PredictLabVerdict: 2, PredictLabSymbol: 7 }), 'quants');
    expect(added).toEqual([{ namespace: 'quants', searchAttributes: { PredictLabSymbol: 7 } }]);
  });

  it('are registered by a command that contains only the missing ones', () => {
    expect(registerCommand('quants', ['PredictLabSymbol'])).toBe(
      'temporal operator search-attribute create --namespace quants --name PredictLabSymbol --type KeywordList',
    );
  });
});
