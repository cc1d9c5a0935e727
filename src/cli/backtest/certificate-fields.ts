import type { Certificate } from '../../backtest/proof/certificate.ts';
import { note } from '../terminal/print.ts';

/** Proof and passport of a result as JSON, after a warning on standard error where the proof found something. */
export function certificateFields({ lookAhead, provable, notProvable, passport }: Certificate, whose: string): Record<string, unknown> {
  warnOfProof(whose, lookAhead);
  return { lookAhead, provable, ...(!provable && { notProvable }), passport };
}

/** Warns on standard error where decisions changed when the future did. */
export function warnOfProof(whose: string, lookAhead: Certificate['lookAhead']): void {
  if (lookAhead === null || lookAhead.changed === 0) return;
  if (lookAhead.deterministic)
    note(`${whose} looks into the future: ${lookAhead.verdict}, first at bar ${lookAhead.firstBar}; trading cannot reach its metrics`);
  else note(`${whose} is ${lookAhead.verdict}; its metrics cannot be repeated`);
}
