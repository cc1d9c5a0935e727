import { z } from 'zod';
import { badInput } from '../../contracts/errors.ts';
import { issueWords } from '../../contracts/text/issue-words.ts';
import { appendClause, didYouMean } from '../../contracts/text/nearest-name.ts';
import type { CandleSeries } from '../engine/candle-series.ts';
import { atr, type Bands, bollinger, donchian, ema, type Reading, roc, rsi, sma, stddev } from './indicators.ts';

const period = (usual: number): z.ZodDefault<z.ZodInt> => z.int().min(1).max(1_000_000).default(usual);
type OfPeriod<Input, Values> = (input: Input, period: number) => Values;
const ofPeriod = <Values>(usual: number, compute: OfPeriod<CandleSeries, Values>) => ({
  params: z.strictObject({ period: period(usual) }),
  values: (bars: CandleSeries, params: { period: number }): Values => compute(bars, params.period),
});
const ofCloses = (usual: number, compute: OfPeriod<Float64Array, Float64Array>) =>
  ofPeriod(usual, ({ close }, length) => compute(close, length));

/** The shipped indicators: parameters with defaults, and a function for the values, where bar i depends on bars up to i. */
export const INDICATORS = {
  sma: ofCloses(20, sma),
  ema: ofCloses(20, ema),
  rsi: ofCloses(14, rsi),
  bollinger: {
    params: z.strictObject({ period: period(20), deviations: z.number().positive().default(2) }),
    values: (bars: CandleSeries, p: { period: number; deviations: number }) => bollinger(bars.close, p.period, p.deviations),
  },
  atr: ofPeriod(14, atr),
  donchian: ofPeriod(20, donchian),
  roc: ofCloses(10, roc),
  stddev: ofCloses(20, stddev),
} as const;

export type IndicatorName = keyof typeof INDICATORS;
export type IndicatorParams<Name extends IndicatorName> = z.infer<(typeof INDICATORS)[Name]['params']>;

export type IndicatorReadings<Name extends IndicatorName> =
  ReturnType<(typeof INDICATORS)[Name]['values']> extends Bands ? { readonly [band in keyof Bands]: Reading } : Reading;

/** Names of the indicators as users write them. */
export const INDICATOR_NAMES = Object.keys(INDICATORS) as readonly IndicatorName[];

/**
 * Checks an indicator's parameters and fills in defaults. In plain JavaScript a misspelt name or a period of 0 would give NaN at every bar,
 * which looks like a strategy that never trades.
 * @throws PredictLabError BadInput, one sentence
 */
export function checkedIndicatorParams<Name extends IndicatorName>(name: Name, params: IndicatorParams<Name>): IndicatorParams<Name> {
  if (!INDICATOR_NAMES.includes(name))
    throw badInput(
      appendClause(
        `there is no indicator '${name as string}'${didYouMean(name, INDICATOR_NAMES)}`,
        `there are ${INDICATOR_NAMES.join(', ')}`,
      ),
    );
  const schema: z.ZodType = INDICATORS[name].params;
  const parsed = schema.safeParse(params ?? {});
  if (parsed.success) return parsed.data as IndicatorParams<Name>;
  const takes = Object.keys(INDICATORS[name].params.shape).join(', ');
  if (typeof params !== 'object') throw badInput(`the indicator ${name} takes { ${takes} }, got ${String(params)}`);
  const problems = parsed.error.issues.map((issue) =>
    issue.code === 'unrecognized_keys'
      ? ` has no parameter ${issue.keys.join(', ')}, it takes ${takes}`
      : `, ${issue.path.join('.')}: ${issueWords(issue)}`,
  );
  throw badInput(`the indicator ${name}${problems.join(';')}`);
}

/** Computes a shipped indicator over a whole series. */
export function indicatorValues<Name extends IndicatorName>(
  name: Name,
  candles: CandleSeries,
  params: IndicatorParams<Name>,
): Float64Array | Bands {
  const compute = INDICATORS[name].values as (bars: CandleSeries, params: IndicatorParams<Name>) => Float64Array | Bands;
  return compute(candles, params);
}
