import { calibrationOfMarkets, marketForecasts } from '../../../backtest/metrics/calibration.ts';
import type { TickKind } from '../../../contracts/words.ts';
import type { CalibrationTable, ShortMarket } from '../../../report/symbol/symbol-data.ts';
import type { Queryable } from '../../../storage/database/database.ts';
import type { StoredInstrument } from '../../../storage/markets/instruments.ts';
import { pricePaths } from '../../../storage/ticks/symbol-rows.ts';

/** Smallest number of markets, closing soon after one another, that form a series. */
const FEWEST = 8;
const SHORT_MS = 4 * 3_600_000;
/** Maximum number of markets whose prices are loaded, and number of points of a small picture. */
const MOST = 300;
const STRETCHES = 30;

interface SeriesMarket {
  readonly instrument: StoredInstrument;
  readonly from: number;
  readonly to: number;
}

/** A symbol's markets if they usually close within hours of each other, else none. `from` is the opening or the usual step before `to`. */
export function seriesOfMarkets(instruments: readonly StoredInstrument[]): readonly SeriesMarket[] {
  const dated = instruments.flatMap((instrument) => (instrument.closesAt === null ? [] : [{ instrument, to: instrument.closesAt }]));
  const closes = [...new Set(dated.map(({ to }) => to))].sort((a, b) => a - b);
  if (closes.length < FEWEST) return [];
  const steps = closes
    .slice(1)
    .map((at, i) => at - closes[i])
    .sort((a, b) => a - b);
  const usual = steps[Math.floor(steps.length / 2)];
  if (usual > SHORT_MS) return [];
  return dated.map(({ instrument, to }) => ({
    instrument,
    to,
    from: Math.max(instrument.opensAt ?? Number.NEGATIVE_INFINITY, to - usual),
  }));
}

/** Loads the newest started markets of a series with their prices; more than one page draws. @param asOf UTC epoch milliseconds */
export async function loadShortMarkets(
  queryable: Queryable,
  series: readonly SeriesMarket[],
  { kinds, asOf }: { readonly kinds: ReadonlyMap<number, TickKind>; readonly asOf: number },
): Promise<readonly ShortMarket[]> {
  const shown = series
    .filter(({ instrument, from }) => from < asOf && kinds.has(instrument.key))
    .sort((a, b) => b.to - a.to)
    .slice(0, MOST);
  const paths = await pricePaths(queryable, {
    wanted: shown.map(({ instrument, from, to }) => ({
      instrumentKey: instrument.key,
      kind: kinds.get(instrument.key) ?? 'trade',
      from,
      to: Math.min(to, asOf),
    })),
    stretches: STRETCHES,
  });
  return shown.map(({ instrument, from, to }) => ({
    id: instrument.id,
    title: instrument.title,
    opensAt: from,
    closesAt: to,
    resolution: instrument.resolution,
    path: paths.get(instrument.key) ?? [],
  }));
}

/** Calibration of the price at half-time over the resolved markets of a series, one forecast per market; empty for fewer than two. */
export function halfTimeCalibration(markets: readonly ShortMarket[]): readonly CalibrationTable[] {
  const forecasts = markets.flatMap(({ path, opensAt, closesAt, resolution }) => {
    const known = path.findLast(({ time }) => time <= (opensAt + closesAt) / 2);
    if (known === undefined || resolution.kind !== 'settled' || (resolution.payout !== 0 && resolution.payout !== 1)) return [];
    return [marketForecasts(Float64Array.of(known.price), resolution.payout)];
  });
  return forecasts.length < 2 ? [] : [{ of: 'price at half-time', bins: calibrationOfMarkets(forecasts) }];
}
