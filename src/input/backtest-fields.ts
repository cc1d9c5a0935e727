import { z } from 'zod';
import type { Problem } from '../contracts/errors.ts';
import {
  type BacktestInput,
  type BacktestSettings,
  DEFAULT_BACKTEST,
  type StrategyBacktestInput,
} from '../contracts/run/backtest-settings.ts';
import { DAY_MS } from '../contracts/words.ts';
import { durationMs, numberField, wordField } from './field-schemas.ts';
import { listAt, recordOf } from './raw-input.ts';

/** Longest history that a duration may request. */
const MAX_HISTORY_MS = 20 * 366 * DAY_MS;
const MAX_MONEY = 1e12;

const positive = (most: number, wanted: string) => numberField(Number.MIN_VALUE, most, wanted);

/** Schema of a period of a walk-forward window. */
const daysField = () =>
  z.string().superRefine((text, context) => {
    const value = /[a-z]/i.test(text) ? durationMs(text) : Number.NaN;
    if (!(value >= DAY_MS && value <= MAX_HISTORY_MS && value % DAY_MS === 0))
      context.addIssue({ code: 'custom', message: `"${text}" is not a number of whole days; write a duration such as "60d"` });
  });

/** Schema of the fields that `backtest` of a run and of a strategy have in common. */
const terms = () =>
  z.strictObject({
    cash: positive(MAX_MONEY, 'a positive amount').optional(),
    sizing: z
      .strictObject({
        fraction: positive(1, 'a share of the cash above 0 and up to 1').optional(),
        units: positive(MAX_MONEY, 'a positive number of units').optional(),
      })
      .superRefine((sizing, context) => {
        if ((sizing.fraction === undefined) === (sizing.units === undefined))
          context.addIssue({ code: 'custom', message: 'write either { "fraction": 0.5 } or { "units": 100 }' });
      })
      .optional(),
    side: wordField('side', ['long', 'both']).optional(),
    spread: z
      .unknown()
      .superRefine((value, context) => {
        if (value !== 'recorded' && !(typeof value === 'number' && value >= 0 && value <= MAX_MONEY))
          context.addIssue({
            code: 'custom',
            message: `${JSON.stringify(value)} is not a valid spread; write "recorded" or a half-spread such as 0.01`,
          });
      })
      .optional(),
    slippageTicks: numberField(0, 1000, 'a number of ticks from 0 to 1000').optional(),
    maxVolumeShare: positive(1, 'a share above 0 and up to 1, or null for no cap').nullable().optional(),
    history: z
      .string()
      .superRefine((text, context) => {
        // a number without a unit would be milliseconds, which is never intended
        const value = text === 'all' ? 1 : /[a-z]/i.test(text) ? durationMs(text) : Number.NaN;
        if (!(value > 0 && value <= MAX_HISTORY_MS))
          context.addIssue({ code: 'custom', message: `"${text}" is not a valid history; write "all" or a duration such as "90d"` });
      })
      .optional(),
  });

/** Schema of `backtest` of a run. */
export const runBacktestField = () =>
  terms()
    .extend({
      walkForward: z.strictObject({ train: daysField(), test: daysField() }).nullable().optional(),
    })
    .superRefine(({ history = 'all', walkForward }, context) => {
      if (history === 'all' || walkForward === null || walkForward === undefined) return;
      const needed = durationMs(walkForward.train) + durationMs(walkForward.test);
      if (needed > durationMs(history))
        context.addIssue({
          code: 'custom',
          path: ['walkForward'],
          message: `a window of ${walkForward.train} and ${walkForward.test} is longer than the history of ${history}; write shorter parts or a longer backtest.history`,
        });
    });

/** Schema of `backtest` of a strategy. */
export const strategyBacktestField = () =>
  terms().extend({
    walkForward: z
      .unknown()
      .superRefine((value, context) => {
        if (value !== undefined)
          context.addIssue({
            code: 'custom',
            message: "belongs to the run, since each window picks from all strategies; write it under the run's own backtest",
          });
      })
      .optional(),
  });

/** Fills in the defaults of a run's `backtest`. */
export function resolveBacktest({ walkForward, ...terms }: BacktestInput = {}): BacktestSettings {
  const settings = resolveStrategyBacktest(terms, DEFAULT_BACKTEST);
  if (walkForward === undefined || walkForward === null) return settings;
  const [trainMs, testMs] = [walkForward.train, walkForward.test].map(durationMs);
  return { ...settings, walkForward: { trainMs, testMs } };
}

/** Fills in what a strategy's `backtest` inherits from the run's; a walk-forward belongs to the run. */
export function resolveStrategyBacktest(
  { history, ...own }: StrategyBacktestInput,
  { walkForward: _, ...inherited }: BacktestSettings,
): BacktestSettings {
  return {
    ...inherited,
    ...own,
    ...(history !== undefined && { historyMs: history === 'all' ? null : Math.round(durationMs(history)) }),
  };
}

/** Finds strategies that are given twice with the same parameters but another `backtest`: a run has one result per combination. */
export function repeatedStrategies(given: unknown): Problem[] {
  const first = new Map<string, number>();
  return listAt(given, 'strategies').flatMap((entry, index): Problem[] => {
    const { name, params = {}, backtest } = recordOf(entry);
    const key = JSON.stringify([name, params]);
    const before = first.get(key);
    if (before === undefined) {
      first.set(key, index);
      return [];
    }
    if (JSON.stringify(recordOf(listAt(given, 'strategies')[before]).backtest) === JSON.stringify(backtest)) return [];
    return [
      {
        where: `strategies[${index}].backtest`,
        message: `differs from that of strategies[${before}], the same strategy; a run has one result for it, so try the other in a separate run`,
      },
    ];
  });
}
