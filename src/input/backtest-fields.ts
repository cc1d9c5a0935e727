import { z } from 'zod';
import type { Problem } from '../contracts/errors.ts';
import {
  type BacktestInput,
  type BacktestSettings,
  DEFAULT_BACKTEST,
  type StrategyBacktestInput,
} from '../contracts/run/backtest-settings.ts';
import { DAY_MS } from '../contracts/words.ts';
import { checked, durationMs, numberField, wordField } from './field-schemas.ts';
import { listAt, recordOf } from './raw-input.ts';

/** Longest duration that `history` and the periods of a walk-forward may have. */
const MAX_HISTORY_MS = 20 * 366 * DAY_MS;
const MAX_MONEY = 1e12;

const positive = (most: number, wanted: string) => numberField(Number.MIN_VALUE, most, wanted);

/** Milliseconds of a duration with a unit; NaN without one, since a user never means milliseconds by a plain number. */
const unitMs = (text: string): number => (/[a-z]/i.test(text) ? durationMs(text) : Number.NaN);

/** Schema of a period of a walk-forward: whole days. */
const daysField = () =>
  checked(z.string(), (text) => {
    const value = unitMs(text);
    const fits = value >= DAY_MS && value <= MAX_HISTORY_MS && value % DAY_MS === 0;
    return fits ? undefined : `"${text}" is not a number of whole days; write a duration such as "60d"`;
  });

const sizing = z.strictObject({
  fraction: positive(1, 'a share of the cash above 0 and up to 1').optional(),
  units: positive(MAX_MONEY, 'a positive number of units').optional(),
});

/** Fields that `backtest` of a run and of a strategy have in common. */
const terms = z.strictObject({
  cash: positive(MAX_MONEY, 'a positive amount').optional(),
  sizing: checked(sizing, ({ fraction, units }) =>
    (fraction === undefined) === (units === undefined) ? 'write either { "fraction": 0.5 } or { "units": 100 }' : undefined,
  ).optional(),
  side: wordField('side', ['long', 'both']).optional(),
  spread: checked(z.unknown(), (value) =>
    value === 'recorded' || (typeof value === 'number' && value >= 0 && value <= MAX_MONEY)
      ? undefined
      : `${JSON.stringify(value)} is not a valid spread; write "recorded" or a half-spread such as 0.01`,
  ).optional(),
  slippageTicks: numberField(0, 1000, 'a number of ticks from 0 to 1000').optional(),
  maxVolumeShare: positive(1, 'a share above 0 and up to 1, or null for no cap').nullable().optional(),
  history: checked(z.string(), (text) =>
    text === 'all' || (unitMs(text) > 0 && unitMs(text) <= MAX_HISTORY_MS)
      ? undefined
      : `"${text}" is not a valid history; write "all" or a duration such as "90d"`,
  ).optional(),
});

/** The number in a text such as `top 200 by volume`; undefined where it is another text, or 0. */
function topByVolume(text: string): number | undefined {
  const [, digits] = /^top ([1-9]\d{0,5}) by volume$/.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** Schema of `backtest` of a run. */
export const runBacktestField = terms
  .extend({
    walkForward: z.strictObject({ train: daysField(), test: daysField() }).nullable().optional(),
    universe: checked(z.string(), (text) =>
      topByVolume(text) === undefined ? `"${text}" does not choose markets of a universe; write "top 200 by volume"` : undefined,
    ).optional(),
  })
  .superRefine(({ history = 'all', walkForward }, context) => {
    if (history === 'all' || walkForward === null || walkForward === undefined) return;
    if (durationMs(walkForward.train) + durationMs(walkForward.test) > durationMs(history))
      context.addIssue({
        code: 'custom',
        path: ['walkForward'],
        message: `a window of ${walkForward.train} and ${walkForward.test} is longer than the history of ${history}; write shorter parts or a longer backtest.history`,
      });
  });

/** Schema of `backtest` of a strategy. */
export const strategyBacktestField = terms.extend({
  walkForward: checked(z.unknown(), (value) =>
    value === undefined
      ? undefined
      : "belongs to the run, since each window picks from all strategies; write it under the run's own backtest",
  ).optional(),
  universe: checked(z.unknown(), (value) =>
    value === undefined
      ? undefined
      : "belongs to the run, whose strategies all trade the same markets; write it under the run's own backtest",
  ).optional(),
});

/** Fills in the defaults of a run's `backtest`. */
export function resolveBacktest({ walkForward, universe, ...terms }: BacktestInput = {}): BacktestSettings {
  const top = universe === undefined ? undefined : topByVolume(universe);
  const settings = { ...resolveStrategyBacktest(terms, DEFAULT_BACKTEST), ...(top !== undefined && { topByVolume: top }) };
  if (walkForward === undefined || walkForward === null) return settings;
  const [trainMs, testMs] = [walkForward.train, walkForward.test].map(durationMs);
  return { ...settings, walkForward: { trainMs, testMs } };
}

/** Fills in what a strategy's `backtest` inherits from the run's; a walk-forward belongs to the run. */
export function resolveStrategyBacktest(
  { history, ...own }: StrategyBacktestInput,
  { walkForward: _, topByVolume: __, ...inherited }: BacktestSettings,
): BacktestSettings {
  return {
    ...inherited,
    ...own,
    ...(history !== undefined && { historyMs: history === 'all' ? null : Math.round(durationMs(history)) }),
  };
}

/** Finds strategies that are given twice with the same parameters but another `backtest`: a run has one result per combination. */
export function repeatedStrategies(given: unknown): Problem[] {
  const first = new Map<string, { readonly index: number; readonly backtest: string | undefined }>();
  return listAt(given, 'strategies').flatMap((entry, index): Problem[] => {
    const { name, params = {}, backtest } = recordOf(entry);
    const [key, own] = [JSON.stringify([name, params]), JSON.stringify(backtest)];
    const before = first.get(key);
    if (before === undefined) first.set(key, { index, backtest: own });
    if (before === undefined || before.backtest === own) return [];
    const message = `differs from that of strategies[${before.index}], the same strategy; a run has one result for it, so try the other in a separate run`;
    return [{ where: `strategies[${index}].backtest`, message }];
  });
}
