import { describe, expect, it } from 'vitest';
import { type CoverageRow, contradiction, withGaps } from '../../../src/files/dataset/dataset-coverage.ts';

const range = (from: number, to: number, evidence: CoverageRow['evidence'] = 'walked'): CoverageRow => ({
  symbol: 'RAIN',
  source: 'polymarket',
  instrument: 'polymarket:0x1',
  kind: 'trade',
  from,
  to,
  evidence,
});

describe('gaps in the coverage of a data set', () => {
  it('lie between the collected ranges, and between the market’s opening and the first range', () => {
    const rows = withGaps([range(30, 40, 'confirmed'), range(10, 20), range(20, 25, 'inferred')], () => 5);
    expect(rows.map(({ from, to, evidence }) => [from, to, evidence])).toEqual([
      [5, 10, 'gap'],
      [10, 20, 'walked'],
      [20, 25, 'inferred'],
      [25, 30, 'gap'],
      [30, 40, 'confirmed'],
    ]);
    expect(contradiction(rows)).toBeUndefined();
  });

  it('do not precede the first range when the opening is unknown or later', () => {
    expect(withGaps([range(10, 20)], () => null)).toHaveLength(1);
    expect(withGaps([range(10, 20)], () => 15)).toHaveLength(1);
  });
});

describe('the coverage of a data set', () => {
  it('is contradictory when its ranges overlap, leave out time or are empty', () => {
    expect(contradiction([range(0, 10), range(5, 20)])).toContain('a range ends at 1970-01-01T00:00:00.010Z and the next (walked) starts');
    expect(contradiction([range(0, 10), range(12, 20)])).toContain('starts at 1970-01-01T00:00:00.012Z');
    expect(contradiction([range(10, 10)])).toContain('has a range from');
  });
});
