import type { CandleSeries } from '../../../backtest/engine/candle-series.ts';
import { type IndicatorName, indicatorValues } from '../../../backtest/indicators/registry.ts';
import type { Json } from '../../../contracts/run/pipeline-input.ts';
import type { IndicatorLine } from '../../../report/symbol/symbol-data.ts';

/** What a shipped strategy looks at that has the price's own unit: an indicator with its parameters. */
const LOOKS_AT: Readonly<Record<string, (params: Readonly<Record<string, Json>>) => readonly (readonly [IndicatorName, object])[]>> = {
  'sma-cross': ({ fast, slow }) => [
    ['sma', { period: fast }],
    ['sma', { period: slow }],
  ],
  'ema-cross': ({ fast, slow }) => [
    ['ema', { period: fast }],
    ['ema', { period: slow }],
  ],
  bollinger: ({ period, deviations }) => [['bollinger', { period, deviations }]],
  breakout: ({ period }) => [['donchian', { period }]],
};

/**
 * The lines of a strategy's own indicators, on its bars from `from` on. Those of a plugin's strategy, and those with a scale of their own
 * (rsi, roc), have none.
 *
 * @param candles with the bars before `from` that the indicators warm up on
 * @param from UTC epoch milliseconds
 */
export function indicatorLines(
  { strategy, params }: { readonly strategy: string; readonly params: Readonly<Record<string, Json>> },
  candles: CandleSeries,
  from: number,
): readonly IndicatorLine[] {
  if (strategy === 'favourite' && typeof params['threshold'] === 'number')
    return [line(`threshold ${params['threshold']}`, new Float64Array(candles.length).fill(params['threshold']), candles, from)];
  const looks = Object.hasOwn(LOOKS_AT, strategy) ? LOOKS_AT[strategy](params) : [];
  return looks.flatMap(([name, given]) => {
    const numbers = Object.values(given) as unknown[];
    if (!numbers.every((value) => typeof value === 'number')) return [];
    const values = indicatorValues(name, candles, given as never);
    const label = `${name} ${numbers.join('/')}`;
    if (values instanceof Float64Array) return [line(label, values, candles, from)];
    return (['lower', 'middle', 'upper'] as const).map((band) => line(`${label} ${band}`, values[band], candles, from));
  });
}

const line = (name: string, values: Float64Array, { openTime }: CandleSeries, from: number): IndicatorLine => ({
  name,
  points: [...values].flatMap((price, i) => (openTime[i] >= from && Number.isFinite(price) ? [{ time: openTime[i], price }] : [])),
});
