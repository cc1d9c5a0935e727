import { expect, it } from 'vitest';
import { type BuiltSeries, settleSeries } from '../../../src/storage/candles/candle-writes.ts';
import type { Transaction } from '../../../src/storage/database/database.ts';

const HOUR = 3_600_000;

interface Statement {
  readonly text: string;
  readonly values: readonly unknown[][];
}

/** A transaction in which every series has one candle in its range, opened at `openTime`. */
function recording(openTime: number): { transaction: Transaction; statements: Statement[] } {
  const statements: Statement[] = [];
  const query = (text: string, values: unknown[][]) => {
    statements.push({ text: text.trim().split(/\s+/).slice(0, 2).join(' '), values });
    const rows = text.startsWith('select') ? values[0].map((_, k) => ({ place: k + 1, times: [openTime] })) : [];
    return Promise.resolve({ rows, rowCount: values[0].length });
  };
  return { transaction: { query } as unknown as Transaction, statements };
}

const series = (facts: Partial<BuiltSeries['target']>, before: BuiltSeries['before']): BuiltSeries => ({
  target: { instrumentKey: 7, kind: 'trade', covered: [], ticksPrunedBefore: Number.NEGATIVE_INFINITY, asOf: 10 * HOUR, ...facts },
  interval: '1h',
  version: 3,
  before,
});
const whole = [{ from: 0, to: 10 * HOUR }];

it('updating the coverage of candles takes three statements for any number of series', async () => {
  const { transaction, statements } = recording(8 * HOUR);
  const built = Array.from({ length: 40 }, (_, k) => series({ instrumentKey: k, covered: whole }, { asOf: 9 * HOUR, covered: whole }));
  expect(await settleSeries(transaction, built)).toBe(40);
  expect(statements.map(({ text }) => text)).toEqual(['select s.place,', 'update candles', 'insert into']);
  expect(statements[2].values.map((list) => list[39])).toEqual([39, 0, 60, 3, 10 * HOUR]);
});

it('the buckets that have closed since the last run get their covered share', async () => {
  const { transaction, statements } = recording(9 * HOUR);
  await settleSeries(transaction, [
    series({ covered: [{ from: 0, to: 9.5 * HOUR }] }, { asOf: 9 * HOUR, covered: [{ from: 0, to: 9.5 * HOUR }] }),
  ]);
  expect(statements[0].values).toEqual([[7], [0], [60], [8 * HOUR + 1], [9 * HOUR + 1], [0], [0], [Number.MIN_SAFE_INTEGER]]);
  expect(statements[1].values).toEqual([[7], [0], [60], [9 * HOUR], [0.5], [false]]);
});

it('a closed bucket that is wholly covered is complete', async () => {
  const { transaction, statements } = recording(9 * HOUR);
  await settleSeries(transaction, [series({ covered: whole }, { asOf: 9 * HOUR, covered: [] })]);
  expect(statements[0].values.slice(3, 5)).toEqual([[1 - HOUR], [10 * HOUR]]);
  expect(statements[1].values.slice(4)).toEqual([[1], [true]]);
});

it('complete buckets are checked again after their coverage was withdrawn, except those before the pruned time', async () => {
  const { transaction, statements } = recording(6 * HOUR);
  const target = { covered: [{ from: 0, to: 6 * HOUR }], ticksPrunedBefore: 2 * HOUR };
  await settleSeries(transaction, [series(target, { asOf: 10 * HOUR, covered: whole })]);
  expect(statements[0].values.slice(5)).toEqual([[5 * HOUR + 1], [10 * HOUR], [2 * HOUR]]);
});

it('a series that is built for the first time has no older buckets to update', async () => {
  const { transaction, statements } = recording(0);
  expect(await settleSeries(transaction, [series({}, { asOf: Number.NEGATIVE_INFINITY, covered: [] })])).toBe(0);
  expect(statements.map(({ text }) => text)).toEqual(['insert into']);
});
