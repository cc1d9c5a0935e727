import { describe, expect, it } from 'vitest';
import { type ComparableResult, judgeResults } from '../../src/backtest/proof/compare-results.ts';

const result = (more: Partial<ComparableResult> & { data?: string; code?: string; sharpe?: number | null } = {}): ComparableResult => ({
  series: more.series ?? 'AAA polymarket:0x1 trade 1h',
  strategy: more.strategy ?? 'sma-cross',
  params: '[]',
  metrics: { sharpe: more.sharpe === undefined ? 1 : more.sharpe, trades: 4 },
  passport: { data: more.data ?? 'd', code: more.code ?? 'c', settings: '{}', seed: 1 },
});
const judge = (
  before: readonly ComparableResult[],
  after: readonly ComparableResult[],
  hasChanged = (_: ComparableResult) => false,
  tolerance = 1e-9,
) => judgeResults(before, after, { hasChanged, tolerance });

describe('the results of two builds on the same inputs', () => {
  it('agree when every metric agrees, whatever their code hashes', () => {
    expect(judge([result()], [result({ code: 'another' })])).toMatchObject({ compared: 1, different: 0 });
    expect(judge([result({ sharpe: null })], [result({ sharpe: null })])).toMatchObject({ compared: 1, different: 0 });
    expect(judge([result()], [result({ code: 'another', sharpe: 1 + 1e-10 })])).toMatchObject({ different: 0 });
  });

  it.each([
    ['a metric beyond the tolerance', [result({ sharpe: 1 + 1e-6 })], 'sharpe 1 → 1.000001'],
    ['a metric that is no longer defined', [result({ sharpe: null })], 'sharpe 1 → null'],
    ['a zero that is no longer defined', [result({ sharpe: null })], 'sharpe 0 → null', [result({ sharpe: 0 })]],
    ['other candles under the same numbers', [result({ data: 'other' })], 'other data'],
    ['a result that is missing', [], 'is missing'],
    ['a result that is new', [result(), result({ strategy: 'rsi' })], 'rsi: is new'],
  ])('differ when there is %s', (_, after, said, before = [result()]) => {
    const judged = judge(before, after);
    expect(judged).toMatchObject({ different: 1 });
    expect(judged.examples[0]).toContain(said);
  });

  it('are not compared when their inputs have changed in between', () => {
    const [mine, other] = [result(), result({ series: 'BBB' })];
    const hasChanged = ({ series }: ComparableResult) => series === 'BBB';
    expect(judge([mine, other], [mine, result({ series: 'BBB', data: 'later', sharpe: 9 })], hasChanged)).toEqual({
      compared: 1,
      different: 0,
      leftOut: 1,
      examples: [],
    });
  });
});
