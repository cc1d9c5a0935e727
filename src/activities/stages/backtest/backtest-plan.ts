import { type BacktestData, backtestData } from '../../../backtest/engine/backtest-data.ts';
import { lastCandles } from '../../../backtest/engine/candle-series.ts';
import { instrumentAsOf, type Market, marketOf } from '../../../backtest/engine/market.ts';
import { optionsFor, type Trial } from '../../../backtest/run-backtest.ts';
import { MAX_VALUES } from '../../../backtest/run-trials.ts';
import { PRESENT_MS, windowOf } from '../../../contracts/run/run-window.ts';
import type { StageInput } from '../../../contracts/task/stage-report.ts';
import { INTERVAL_MS, INTERVALS } from '../../../contracts/words.ts';
import { fittingInterval } from '../../../market/candles/fitting-interval.ts';
import { backtestSeries, type StandingSeries, topMembers } from '../../../storage/backtests/backtest-series.ts';
import { readCandles } from '../../../storage/candles/candles.ts';
import type { Queryable } from '../../../storage/database/database.ts';
import { instrumentsOf, keysOf, orderBooks, type StoredInstrument } from '../../../storage/markets/instruments.ts';
import { basisOf, optionsOn, type TrialGroup } from './backtest-trials.ts';
import { mayLookAtTwins, readTwin, type StandingTwin, standingTwins } from './twin-series.ts';

export interface SeriesTask {
  readonly series: StandingSeries;
  readonly instrument: StoredInstrument;
  readonly market: Market;
  readonly trials: readonly Trial[];
  /** The twin (the same question at another venue); null if there is none, or no strategy may read it. */
  readonly twin: StandingTwin | null;
  /** Candles that open at or after `from` and are closed by `to` are used; UTC epoch milliseconds. */
  readonly from: number;
  readonly to: number;
  /** Hash of everything on which the results of the trials depend. */
  readonly basis: string;
}

/** The series that a run backtests for a symbol, each with one group of trials. */
export async function plannedSeries(
  queryable: Queryable,
  { symbol, settings }: StageInput,
  groups: readonly TrialGroup[],
): Promise<SeriesTask[]> {
  if (groups.length === 0) return [];
  const window = windowOf(settings);
  // the run must not use facts that became known after its `asOf`
  const { topByVolume: most } = settings.backtest ?? {};
  const top = most === undefined ? undefined : await topMembers(queryable, symbol, { most, asOf: settings.asOf });
  const known = await instrumentsOf(queryable, symbol, settings.sourceTypes);
  const instruments = known
    .filter(({ id }) => top?.has(id) !== false)
    .map(({ key, ...instrument }) => ({
      key,
      ...instrumentAsOf(instrument, window.to),
    }));
  const looks = await orderBooks(queryable, keysOf(instruments), window.to + PRESENT_MS);
  const byKey = new Map(instruments.map((one) => [one.key, one]));
  const added = new Map(instruments.map((one) => [one.key, fittingInterval(settings.intervals, one)]));
  const present = new Set([...settings.intervals, ...added.values()]);
  const intervals = INTERVALS.filter((one) => present.has(one));
  const keys = (open: boolean): number[] =>
    instruments.filter((one) => open === (!one.closed && one.resolution.kind === 'open')).map(({ key }) => key);
  const tasks: SeriesTask[] = [];
  for (const { historyMs, trials: configured } of groups) {
    const from = historyMs === null ? Number.NEGATIVE_INFINITY : window.to - historyMs;
    const filter = { open: keys(true), closed: keys(false), intervals, from, closedSince: window.from, to: window.to };
    const span = { from, to: window.to, intervals };
    const twinOf = mayLookAtTwins(configured) ? await standingTwins(queryable, instruments, span) : () => null;
    for (const series of await backtestSeries(queryable, filter)) {
      const { instrumentKey, interval } = series;
      // another run may have built candles of this market in an interval that neither this run nor the market needs
      if (!settings.intervals.includes(interval) && interval !== added.get(instrumentKey)) continue;
      const instrument = byKey.get(instrumentKey) as StoredInstrument;
      // order books read after the last bar do not affect the result, so the basis must not depend on them
      const seen = (looks.get(instrumentKey) ?? []).filter(({ at }) => at <= series.lastOpen + INTERVAL_MS[interval]);
      const market = marketOf(instrument, seen);
      const trials = configured.map((trial): Trial => ({ ...trial, options: optionsFor(market, optionsOn(trial.settings, instrument)) }));
      const twin = twinOf(instrument, interval);
      const basis = basisOf({ series, market, trials, twin });
      tasks.push({ series, instrument, market, trials, twin, from, to: window.to, basis });
    }
  }
  return tasks;
}

/** Reads the bars of a series to backtest. Returns also the number of its oldest bars that are left out for lack of memory. */
export async function readSeries(
  queryable: Queryable,
  { series, instrument, market, trials, twin: standing, from, to }: SeriesTask,
): Promise<{ readonly data: BacktestData; readonly leftOut: number }> {
  const { interval, priceType } = series;
  const stored = await readCandles(queryable, {
    instrumentKey: instrument.key,
    priceType,
    interval,
    ...(Number.isFinite(from) && { from }),
    // a run with an earlier `asOf` must not read bars that were still open then
    to: to - INTERVAL_MS[interval] + 1,
    completeOnly: true,
  });
  // with many trials only the newest bars fit into memory
  const candles = lastCandles(stored, Math.floor(MAX_VALUES / trials.length));
  const twin = standing === null ? null : await readTwin(queryable, standing, { from, to });
  const name = `${instrument.id} ${interval}`;
  const whereOf = (bar: number): string => `${name}, ${new Date(candles.openTime[bar]).toISOString()}`;
  const data = backtestData(candles, market, { names: { series: name, whereOf }, barMs: INTERVAL_MS[interval], twin });
  return { data, leftOut: stored.length - candles.length };
}
