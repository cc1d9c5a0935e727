import type { monteCarlo } from '../../backtest/metrics/monte-carlo.ts';
import type { Overfitting } from '../../backtest/metrics/overfitting.ts';
import type { Certificate } from '../../backtest/proof/certificate.ts';
import { DEFAULT_BACKTEST } from '../../contracts/run/backtest-settings.ts';
import { note } from '../terminal/print.ts';
import type { TradedSeries } from './backtest-series.ts';

/** Proof and passport of a result as JSON, after a warning on standard error where decisions changed when the future did. */
export function certificateFields({ lookAhead, provable, notProvable, passport }: Certificate, whose: string) {
  if (lookAhead !== null && lookAhead.changed > 0)
    note(
      lookAhead.deterministic
        ? `${whose} looks into the future: ${lookAhead.verdict}, first at bar ${lookAhead.firstBar}; trading cannot reach its metrics`
        : `${whose} is ${lookAhead.verdict}; its metrics cannot be repeated`,
    );
  return { lookAhead, provable, ...(!provable && { notProvable }), passport };
}

/** The JSON fields of the probability of overfitting. @param picksWeak why the picks of a walk-forward are weak */
export const overfittingFields = (
  { overfitting, overfittingUndefined, overfittingWeak }: Overfitting,
  picksWeak?: string,
): Record<string, unknown> => ({
  overfitting,
  ...(overfittingUndefined !== undefined && { undefined: { overfitting: overfittingUndefined } }),
  ...((overfittingWeak !== undefined || picksWeak !== undefined) && {
    weak: { ...(overfittingWeak !== undefined && { overfitting: overfittingWeak }), ...(picksWeak !== undefined && { picks: picksWeak }) },
  }),
});

/** A result with its Monte Carlo distribution, or the reason why there is none; unchanged when none was requested. */
export const withOrders = (
  body: Record<string, unknown> & { readonly undefined: Readonly<Record<string, string>> },
  orders: ReturnType<typeof monteCarlo> | undefined,
): Record<string, unknown> => {
  if (orders === undefined) return body;
  return 'because' in orders
    ? { ...body, undefined: { ...body.undefined, monteCarlo: orders.because }, monteCarlo: null }
    : { ...body, monteCarlo: orders };
};

/** The terms on which a series is traded, and where they differ from the defaults of a run's backtest stage. */
export function termsOf({ data, options, isRecordedSpread }: TradedSeries) {
  const { fees, tickSize } = data.market;
  const { cash, side, spread, halfSpread, slippageTicks, maxVolumeShare, wholeUnits } = options;
  const sizing =
    options.sizing.kind === 'fixed'
      ? { units: options.sizing.units }
      : { fraction: options.sizing.kind === 'fraction' ? options.sizing.fraction : 1 };
  const differs: string[] = [];
  const compare = (name: string, value: unknown, usual: unknown): void => {
    const [here, there] = [value, usual].map((one) => (one === null ? 'none' : JSON.stringify(one)));
    if (here !== there) differs.push(`${name}: ${here}, default ${there}`);
  };
  compare('cash', cash, DEFAULT_BACKTEST.cash);
  compare('sizing', sizing, DEFAULT_BACKTEST.sizing);
  compare('side', side, DEFAULT_BACKTEST.side);
  compare('spread', spread, 0);
  if (!isRecordedSpread) differs.push(`halfSpread: ${halfSpread}, default half the recorded spread, which was not used`);
  compare('slippageTicks', slippageTicks, DEFAULT_BACKTEST.slippageTicks);
  compare('maxVolumeShare', maxVolumeShare, DEFAULT_BACKTEST.maxVolumeShare);
  compare('wholeUnits', wholeUnits, false);
  return { cash, sizing, side, spread, halfSpread, slippageTicks, maxVolumeShare, wholeUnits, fees, tick: tickSize, differs };
}
