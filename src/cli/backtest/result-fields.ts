import type { monteCarlo } from '../../backtest/metrics/monte-carlo.ts';
import type { Overfitting } from '../../backtest/metrics/overfitting.ts';
import { beyondProof, type Certificate } from '../../backtest/proof/certificate.ts';
import { note } from '../terminal/print.ts';

/** Proof and passport of a result as JSON. Prints a warning on standard error if decisions changed with another future. */
export function certificateFields({ lookAhead, provable, notProvable, passport }: Certificate, whose: string) {
  if (lookAhead !== null && lookAhead.changed > 0)
    note(
      lookAhead.deterministic
        ? `${whose} looks into the future: ${lookAhead.verdict}, first at bar ${lookAhead.firstBar}; trading cannot reach its metrics`
        : `${whose} is ${lookAhead.verdict}; its metrics cannot be repeated`,
    );
  const beyond = beyondProof({ lookAhead, provable });
  return { lookAhead, provable, ...(!provable && { notProvable }), ...(beyond !== undefined && { beyondProof: beyond }), passport };
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
