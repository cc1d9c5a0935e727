import { expect, it } from 'vitest';
import { drawnPositions, exitPrice, tradeArrows } from '../../src/report/charts/candles-svg.ts';
import { renderSymbolPage } from '../../src/report/symbol/symbol-page.ts';
import { sampleInstrument, sampleSeries, sampleSymbol } from './sample-symbol.ts';

const base = sampleInstrument();
const chosen = base.chosen as NonNullable<typeof base.chosen>;
const [first] = chosen.trades;
const HOUR = 3_600_000;
/** One entry that left in six parts. */
const parts = Array.from({ length: 6 }, (_, i) => ({ ...first, size: 100, exitTime: first.exitTime + i * HOUR, exitPrice: 0.5 + i / 100 }));

it('a position that is closed in six parts has one arrow for its entry and one for its exit, which lists the parts', () => {
  const positions = drawnPositions([
    ...parts,
    { ...first, entryTime: first.entryTime + 40 * HOUR, exitTime: first.exitTime + 41 * HOUR, size: 60 },
  ]);
  expect(positions.map(({ size, exits }) => [size, exits.length])).toEqual([
    [600, 6],
    [60, 1],
  ]);
  expect(exitPrice(positions[0])).toBeCloseTo(0.525, 12);
  const arrows = tradeArrows(positions, 2);
  expect(arrows.map(({ buys }) => buys)).toEqual([true, false, true, false]);
  expect(arrows[1].about).toMatch(/^exit long 600\.00 in 6 fills: 100\.00 at 0\.50 on .*; 100\.00 at 0\.55 on /);
  expect(arrows[0].share).toBe(1);
  expect(arrows[2].share).toBeLessThan(0.5);
});

it('a symbol’s page draws two arrows for a position that was closed in six parts, not twelve', () => {
  const series = [sampleSeries('1h', 200)];
  const page = renderSymbolPage(
    sampleSymbol({ calibration: [], instruments: [sampleInstrument({ series, chosen: { ...chosen, trades: parts } })] }),
    null,
  );
  expect(page.match(/<span class="mark /g)).toHaveLength(2);
});
