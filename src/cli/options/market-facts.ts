import type { Command } from 'commander';
import { CURVED_MODELS, EXPONENT_MODEL, FEE_MODELS, type FeeModelName } from '../../contracts/fee-models.ts';
import { type OwnFacts, ownFactsProblems } from '../../contracts/own-facts.ts';
import type { MarketKind } from '../../contracts/words.ts';
import { usageError } from '../terminal/print.ts';
import { takesInstant, takesNumber, takesWord } from './parsers.ts';

export interface MarketFactFlags {
  readonly settle?: number;
  readonly close?: string;
  readonly endsAt?: string;
  readonly closedAt?: string;
  readonly event?: string;
  readonly fee?: number;
  readonly feeModel?: FeeModelName;
  readonly feeExponent?: number;
  readonly tick?: number;
}

/** The flag that states each fact. */
const FLAG_OF: Readonly<Record<keyof OwnFacts, string>> = {
  resolution: '--settle',
  closesAt: '--close',
  endsAt: '--ends-at',
  closedAt: '--closed-at',
  event: '--event',
  fees: '--fee-model',
  tick: '--tick',
};

/** Adds the options for a market's payout, close, fees and price step. */
export const withMarketFacts = (command: Command): Command =>
  command
    .addOption(
      takesNumber('--settle <payout>', 'payout of one unit of the first outcome: 1, 0, 0.5 or another fraction', { least: 0, most: 1 }),
    )
    .addOption(takesInstant('--ends-at <time>', 'the end that was announced, ISO 8601: strategies may know it'))
    .addOption(
      takesInstant(
        '--closed-at <time>',
        'when the market really closed, ISO 8601: orders that would fill then or later are cancelled; strategies cannot read it',
      ),
    )
    .addOption(takesInstant('--close <time>', 'one time for both: a strategy that looks at the end is then not provable'))
    .option('--event <name>', 'what resolves together with other markets, as one draw')
    .addOption(takesNumber('--fee <rate>', 'fee per side as a fraction of the notional, or the rate of --fee-model (default: 0)'))
    .addOption(
      takesWord(
        '--fee-model <model>',
        `how the fee is computed: flat, or by the formula of a venue: ${CURVED_MODELS.join(', ')} (default: flat)`,
        FEE_MODELS,
      ),
    )
    .addOption(
      takesNumber('--fee-exponent <n>', `exponent of --fee-model ${EXPONENT_MODEL}: size·rate·(p(1 − p))^n (default: 1)`, {
        least: 0.01,
        most: 10,
      }),
    )
    .addOption(takesNumber('--tick <size>', 'smallest price step; fills are rounded to it against the trader', { least: 1e-9 }));

/** The facts that the flags state; the others are absent. @throws ExitError 2 that names the flag */
export function marketFacts(flags: MarketFactFlags): OwnFacts {
  const { settle: resolution, close: closesAt, endsAt, closedAt, event, fee, feeModel, feeExponent: exponent, tick } = flags;
  if (exponent !== undefined && feeModel !== EXPONENT_MODEL)
    throw usageError(`--fee-exponent applies to --fee-model ${EXPONENT_MODEL} only; add that, or leave the exponent out`);
  if (feeModel !== undefined && fee === undefined)
    throw usageError(
      `--fee-model ${feeModel} needs the market's rate: add --fee, such as --fee 0.02 (--fee 0 where the market charges nothing)`,
    );
  const fees = fee === undefined ? undefined : { model: feeModel ?? 'flat', rate: fee, ...(exponent !== undefined && { exponent }) };
  const given: OwnFacts = { resolution, closesAt, endsAt, closedAt, event, fees, tick };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** Checks facts against the kind of market. @throws ExitError 2 when they do not fit */
export function checkMarketFacts(facts: OwnFacts, kind: MarketKind): void {
  const { fees } = facts;
  if (fees !== undefined && !(fees.rate >= 0 && fees.rate < 1))
    throw usageError(`fee must be a fraction in [0, 1), got ${fees.rate}; write one such as --fee 0.002`);
  const [problem] = ownFactsProblems(facts, kind);
  if (problem === undefined) return;
  if (problem.field === 'closesAt') throw usageError('--close stands for both ends; leave it out when you give --ends-at and --closed-at');
  const flag = `${FLAG_OF[problem.field]}${problem.field === 'fees' && fees !== undefined ? ` ${fees.model}` : ''}`;
  throw usageError(
    kind === 'asset' ? `${flag} applies to --market probability only; ${problem.message}` : `${flag} ${facts.tick}: ${problem.message}`,
  );
}
