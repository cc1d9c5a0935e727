import { type Command, Option } from 'commander';
import { type OwnFacts, ownFactsProblems } from '../../contracts/own-facts.ts';
import type { MarketKind } from '../../contracts/words.ts';
import { parseTime } from '../../files/parse/parse-time.ts';
import { usageError } from '../terminal/exit.ts';
import { numberOption } from './number-option.ts';

/** Facts about a market that options state. */
export interface MarketFactFlags {
  readonly settle?: string;
  readonly close?: string;
  readonly endsAt?: string;
  readonly closedAt?: string;
  readonly event?: string;
  readonly fee?: string;
  readonly feeModel?: 'flat' | 'polymarket' | 'predict';
  readonly feeExponent?: string;
  readonly tick?: string;
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
    .option('--settle <payout>', 'payout of one unit of the first outcome: 1, 0, 0.5 or another fraction')
    .option('--ends-at <time>', 'the end that was announced, ISO 8601: strategies may know it')
    .option(
      '--closed-at <time>',
      'when the market really closed, ISO 8601: orders that would fill at or after it die; no strategy knows it',
    )
    .option('--close <time>', 'one time for both: a strategy that looks at the end is then not provable')
    .option('--event <name>', 'what resolves together with other markets, as one draw')
    .option('--fee <rate>', 'fee per side as a fraction of the notional, or the rate of --fee-model (default: 0)')
    .addOption(
      new Option('--fee-model <model>', 'how the fee is computed: flat, or by the formula of a venue (default: flat)').choices([
        'flat',
        'polymarket',
        'predict',
      ]),
    )
    .option('--fee-exponent <n>', 'exponent of --fee-model polymarket: size·rate·(p(1 − p))^n (default: 1)')
    .option('--tick <size>', 'smallest price step; fills are rounded to it against the trader');

/**
 * The facts that the flags state; the others are absent.
 *
 * @throws ExitError 2 that names the flag
 */
export function marketFacts(flags: MarketFactFlags): OwnFacts {
  const { settle, close, endsAt, closedAt, event, fee, feeModel, feeExponent, tick } = flags;
  if (feeExponent !== undefined && feeModel !== 'polymarket')
    throw usageError('--fee-exponent applies to --fee-model polymarket only; add that, or leave the exponent out');
  if (feeModel !== undefined && fee === undefined)
    throw usageError(
      `--fee-model ${feeModel} needs the market's rate: add --fee, such as --fee 0.02 (--fee 0 where the market charges nothing)`,
    );
  return {
    ...(settle !== undefined && { resolution: numberOption('--settle', settle, { least: 0, most: 1 }) }),
    ...(close !== undefined && { closesAt: timeFrom('--close', close) }),
    ...(endsAt !== undefined && { endsAt: timeFrom('--ends-at', endsAt) }),
    ...(closedAt !== undefined && { closedAt: timeFrom('--closed-at', closedAt) }),
    ...(event !== undefined && { event }),
    ...(fee !== undefined && {
      fees: {
        model: feeModel ?? 'flat',
        rate: numberOption('--fee', fee) ?? 0,
        ...(feeExponent !== undefined && { exponent: numberOption('--fee-exponent', feeExponent, { least: 0.01, most: 10 }) }),
      },
    }),
    ...(tick !== undefined && { tick: numberOption('--tick', tick, { least: 1e-9 }) }),
  };
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

function timeFrom(flag: string, text: string): string {
  const time = /^\d+$/.test(text) ? null : parseTime(text, 'ms');
  if (time === null || Number.isNaN(time)) throw usageError(`${flag} ${text}: write a time such as 2026-11-24T10:00:00Z`);
  return new Date(time).toISOString();
}
