import type { Json } from '../../contracts/pipeline-input.ts';
import type { BacktestTrade, CalibrationBin } from './symbol-page-data.ts';

/**
 * Reads backtests as they are stored (JSON) into what pages show. A page shows what is there: a field that is missing or of
 * another shape counts as not known.
 */
type Fields = Readonly<Record<string, Json>>;

const fieldsOf = (value: Json | undefined): Fields =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Fields) : {};
const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : []);
const numberOf = (value: Json | undefined): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);

/** Epoch milliseconds from a number or an ISO text. */
const timeOf = (value: Json | undefined): number | null => {
  if (typeof value === 'number') return value;
  const parsed = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(parsed) ? null : parsed;
};

/** The metrics that are numbers or null. */
export const metricsOf = (metrics: Fields): Readonly<Record<string, number | null>> =>
  Object.fromEntries(
    Object.entries(metrics).flatMap(([key, value]) => (value === null || typeof value === 'number' ? [[key, numberOf(value)]] : [])),
  );

/** Reason by metric of those that are null. */
export const undefinedReasons = (metrics: Fields): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(fieldsOf(metrics['undefined'])).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
  );

/** The look-ahead proof, stored beside the metrics. */
export const proofOf = (metrics: Fields): { readonly changed: number; readonly decisions: number } | null => {
  const proof = fieldsOf(metrics['lookAhead']);
  const changed = numberOf(proof['changed']);
  const decisions = numberOf(proof['of']);
  return changed === null || decisions === null ? null : { changed, decisions };
};

/** Probability of overfitting of the trials it belongs to, in [0, 1]. */
export const overfittingOf = (metrics: Fields): number | null => numberOf(metrics['overfitting']);

/** The first characters of the passport's hash: enough to tell two apart. */
export const passportId = (passport: Fields): string | null => (typeof passport['id'] === 'string' ? passport['id'].slice(0, 16) : null);

/** `{ fast: 10, slow: 30 }` → `10/30`; a name is said where a value alone would not be understood. */
export const paramsText = (params: Fields): string => {
  const entries = Object.entries(params);
  const plain = entries.length <= 3 && entries.every(([, value]) => typeof value === 'number');
  return plain
    ? entries.map(([, value]) => JSON.stringify(value)).join('/')
    : entries.map(([key, value]) => `${key} ${JSON.stringify(value)}`).join(', ');
};

export const tradesOf = (trades: Json): readonly BacktestTrade[] =>
  listOf(trades).flatMap((trade): BacktestTrade[] => {
    const fields = fieldsOf(trade);
    const entryTime = timeOf(fields['entryTime']);
    const exitTime = timeOf(fields['exitTime']);
    const entryPrice = numberOf(fields['entryPrice']);
    const exitPrice = numberOf(fields['exitPrice']);
    if (entryTime === null || exitTime === null || entryPrice === null || exitPrice === null) return [];
    return [
      {
        entryTime,
        exitTime,
        side: fields['side'] === 'short' ? 'short' : 'long',
        size: numberOf(fields['size']) ?? 0,
        entryPrice,
        exitPrice,
        pnl: numberOf(fields['pnl']) ?? 0,
        fees: numberOf(fields['fees']) ?? 0,
      },
    ];
  });

/** Equity as `{ time: […], equity: […] }`, or as a list of points. */
export const equityOf = (equity: Json): readonly { readonly time: number; readonly equity: number }[] => {
  const columns = fieldsOf(equity);
  const points = Array.isArray(equity)
    ? (equity as readonly Json[]).map((point) =>
        Array.isArray(point) ? [point[0], point[1]] : [fieldsOf(point)['time'], fieldsOf(point)['equity']],
      )
    : listOf(columns['time']).map((time, i) => [time, listOf(columns['equity'])[i]]);
  return points.flatMap(([at, value]) => {
    const time = timeOf(at);
    const amount = numberOf(value);
    return time === null || amount === null ? [] : [{ time, equity: amount }];
  });
};

export const calibrationOf = (metrics: Fields): readonly CalibrationBin[] =>
  listOf(metrics['calibration']).flatMap((bin): CalibrationBin[] => {
    const fields = fieldsOf(bin);
    const from = numberOf(fields['from']);
    const to = numberOf(fields['to']);
    if (from === null || to === null) return [];
    return [
      {
        from,
        to,
        count: numberOf(fields['count']) ?? 0,
        meanForecast: numberOf(fields['meanForecast']),
        hitRate: numberOf(fields['hitRate']),
        wilsonLow: numberOf(fields['wilsonLow']),
        wilsonHigh: numberOf(fields['wilsonHigh']),
      },
    ];
  });
