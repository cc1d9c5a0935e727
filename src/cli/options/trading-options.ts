import { type Command, Option } from 'commander';
import type { BacktestOptions, Sizing } from '../../backtest/engine/options.ts';
import { DEFAULT_BACKTEST } from '../../contracts/run/backtest-settings.ts';
import { usageError } from '../terminal/print.ts';
import { collect, numberOption, takesCount, takesNumber, takesWord } from './parsers.ts';

export interface TradingFlags {
  readonly cash?: number;
  readonly spread?: number;
  readonly halfSpread?: number | 'recorded';
  readonly side: 'long' | 'both';
  readonly wholeUnits?: boolean;
  readonly fraction?: number;
  readonly units?: number;
  readonly slippage?: number;
  readonly volumeShare?: number | 'none';
  readonly proofCuts?: number;
  readonly seed?: number;
}

const priceOrRecorded = (text: string): number | 'recorded' => (text === 'recorded' ? text : numberOption('--half-spread', text));
const shareOrNone = (text: string): number | 'none' => (text === 'none' ? text : numberOption('--volume-share', text));

/** Adds the options that name strategies and say how they trade. */
export const withTrading = (command: Command): Command =>
  command
    .option('--strategy <name>', 'a strategy of those below, or of a plugin')
    .option('--strategies <json>', 'several strategies, judged together: [{"name": "rsi", "params": {}}], or a file with such a list')
    .addOption(
      new Option('--param <name=value>', 'a parameter of the strategy; may be given several times')
        .argParser<string[]>(collect)
        .default([], 'see below'),
    )
    .addOption(takesNumber('--cash <amount>', 'money at the start (default: 10000)'))
    .addOption(takesNumber('--spread <fraction>', 'fraction by which entries are worse than the open (default: 0)'))
    .option(
      '--half-spread <price>',
      'amount by which every fill is worse than the open, or recorded: half the order book’s spread of the time, or where none is known that of markets of its price and trading (default: recorded)',
      priceOrRecorded,
    )
    .addOption(takesWord('--side <side>', 'positions to take: long only, or both', ['long', 'both']).default('long'))
    .option('--whole-units', 'round sizes down to whole units')
    .addOption(takesNumber('--fraction <share>', 'share of the cash to invest in each entry (default: 1)'))
    .addOption(takesNumber('--units <size>', 'fixed size of each entry, as far as the cash allows'))
    .addOption(takesNumber('--slippage <ticks>', 'ticks by which each fill is worse than the open (default: 0)'))
    .option(
      '--volume-share <share>',
      `maximum share of a bar’s volume that its orders may take, or none (default: ${DEFAULT_BACKTEST.maxVolumeShare})`,
      shareOrNone,
    )
    .addOption(
      takesNumber(
        '--proof-cuts <n>',
        're-runs of the look-ahead proof, each with another future at every bar; 0 for no proof (default: 2)',
      ),
    )
    .addOption(takesCount('--seed <n>', 'seed of the proof and of the Monte Carlo draws (default: 1)', 0, 2 ** 32 - 1))
    .option('--json', 'no effect: the output is always JSON');

/** The engine's options that the flags state; the others are absent. @throws ExitError 2 when two exclude each other */
export function optionsFrom({ slippage, volumeShare, fraction, units, ...flags }: TradingFlags): Partial<BacktestOptions> {
  if (fraction !== undefined && units !== undefined) throw usageError('--fraction and --units exclude each other; give one');
  const sizing: Sizing | undefined =
    fraction !== undefined ? { kind: 'fraction', fraction } : units !== undefined ? { kind: 'fixed', units } : undefined;
  const { cash, spread, halfSpread, proofCuts, seed, side, wholeUnits } = flags;
  const given = {
    cash,
    spread,
    halfSpread,
    slippageTicks: slippage,
    maxVolumeShare: volumeShare === 'none' ? null : volumeShare,
    proofCuts,
    seed,
    side,
    wholeUnits,
    sizing,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
