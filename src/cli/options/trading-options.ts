import type { BacktestOptions, Sizing } from '../../backtest/engine/options.ts';
import { usageError } from '../terminal/exit.ts';
import { numberOption } from './number-option.ts';

/** The options that say how a backtest trades. */
export interface TradingFlags {
  readonly cash?: string;
  readonly spread?: string;
  readonly halfSpread?: string;
  readonly side: 'long' | 'both';
  readonly wholeUnits?: boolean;
  readonly fraction?: string;
  readonly units?: string;
  readonly slippage?: string;
  readonly volumeShare?: string;
  readonly proofCuts?: string;
  readonly seed?: string;
}

/**
 * The engine's options that the flags state; the others are absent.
 *
 * @throws ExitError 2 that names the flag
 */
export function optionsFrom(flags: TradingFlags): Partial<BacktestOptions> {
  const given = {
    cash: numberOption('--cash', flags.cash),
    spread: numberOption('--spread', flags.spread),
    halfSpread: numberOption('--half-spread', flags.halfSpread),
    slippageTicks: numberOption('--slippage', flags.slippage),
    maxVolumeShare: flags.volumeShare === 'none' ? null : numberOption('--volume-share', flags.volumeShare),
    proofCuts: numberOption('--proof-cuts', flags.proofCuts),
    seed: numberOption('--seed', flags.seed, { least: 0, most: 2 ** 32 - 1, integer: true }),
    side: flags.side,
    wholeUnits: flags.wholeUnits,
    sizing: sizingFrom(flags),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function sizingFrom(flags: TradingFlags): Sizing | undefined {
  const fraction = numberOption('--fraction', flags.fraction);
  const units = numberOption('--units', flags.units);
  if (fraction !== undefined && units !== undefined) throw usageError('--fraction and --units exclude each other; give one');
  if (fraction !== undefined) return { kind: 'fraction', fraction };
  return units === undefined ? undefined : { kind: 'fixed', units };
}
