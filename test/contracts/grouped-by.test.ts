import { expect, it } from 'vitest';
import { emptyEntry, writtenEntry } from '../../src/contracts/catalogue.ts';
import { groupedBy } from '../../src/contracts/grouped-by.ts';
import { markOfIdentity, nameOfIdentity, workerIdentity } from '../../src/contracts/worker/worker-identity.ts';

it('rows are grouped by a key, and groups and rows keep their order', () => {
  expect([...groupedBy(['b1', 'a1', 'b2', 'c1', 'a2'], ([letter]) => letter)]).toEqual([
    ['b', ['b1', 'b2']],
    ['a', ['a1', 'a2']],
    ['c', ['c1']],
  ]);
});

it('a catalogue entry is written under the name of its kind', () => {
  const { symbol: _, ...fields } = emptyEntry('BTC');
  expect(writtenEntry(emptyEntry('BTC'))).toEqual({ symbol: 'BTC', ...fields });
  expect(writtenEntry({ ...emptyEntry('CRYPTO'), kind: 'universe' })).toEqual({ universe: 'CRYPTO', ...fields });
});

it('a worker’s identity names its process, its host, and the mark of its database if there is one', () => {
  const [marked, plain] = ['0123abcd', undefined].map((mark) => workerIdentity({ pid: 7, host: 'desk', mark }));
  expect([marked, plain]).toEqual(['7@desk#0123abcd', '7@desk']);
  expect([marked, plain].map(nameOfIdentity)).toEqual(['7@desk', '7@desk']);
  expect([marked, plain].map(markOfIdentity)).toEqual(['0123abcd', undefined]);
});
