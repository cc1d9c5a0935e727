import { z } from 'zod';
import type { Problem } from '../contracts/errors.ts';
import { type BacktestInput, type BacktestSettings, DEFAULT_BACKTEST } from '../contracts/run/backtest-settings.ts';
import { durationMs, numberField, wordField } from './field-schemas.ts';
import { listAt, recordOf } from './raw-input.ts';

/** Longest history one may ask for by a duration. */
const LONGEST_HISTORY_MS = 20 * 366 * 86_400_000;
const MOST_MONEY = 1e12;

const positive = (most: number, wanted: string) => numberField(Number.MIN_VALUE, most, wanted);

/** `backtest` of a run and of a strategy. */
export const backtestField = () =>
  z.strictObject({
    cash: positive(MOST_MONEY, 'a positive amount').optional(),
    sizing: z
      .strictObject({
        fraction: positive(1, 'a share of the cash above 0 and up to 1').optional(),
        units: positive(MOST_MONEY, 'a positive number of units').optional(),
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
        if (value !== 'recorded' && !(typeof value === 'number' && value >= 0 && value <= MOST_MONEY))
          context.addIssue({
            code: 'custom',
            message: `${JSON.stringify(value)} is no spread; write "recorded" or a half-spread such as 0.01`,
          });
      })
      .optional(),
    slippageTicks: numberField(0, 1000, 'a number of ticks from 0 to 1000').optional(),
    maxVolumeShare: positive(1, 'a share above 0 and up to 1, or null for no cap').nullable().optional(),
    history: z
      .string()
      .superRefine((text, context) => {
        // a bare number would be milliseconds, which nobody means
        const value = text === 'all' ? 1 : /[a-z]/i.test(text) ? durationMs(text) : Number.NaN;
        if (!(value > 0 && value <= LONGEST_HISTORY_MS))
          context.addIssue({ code: 'custom', message: `"${text}" is no history; write "all" or a duration such as "90d"` });
      })
      .optional(),
  });

/** Fills in what a strategy or a run leaves open. */
export function resolveBacktest(given: BacktestInput | undefined, inherited: BacktestSettings = DEFAULT_BACKTEST): BacktestSettings {
  const { history, ...own } = given ?? {};
  return {
    ...inherited,
    ...own,
    ...(history !== undefined && { historyMs: history === 'all' ? null : Math.round(durationMs(history)) }),
  };
}

/** A strategy may stand twice in a run, but each combination of parameters has one result. */
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
        message: `is another one than that of strategies[${before}], the same strategy; a run has one result for it, so try the other in a run of its own`,
      },
    ];
  });
}
