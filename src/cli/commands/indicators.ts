import { type Command, Option } from 'commander';
import { type CandleSeries, candleProblem } from '../../backtest/engine/candle-series.ts';
import { INDICATOR_NAMES, INDICATORS, type IndicatorName, indicatorValues } from '../../backtest/indicators/registry.ts';
import { PredictLabError } from '../../contracts/errors.ts';
import { issueWords } from '../../contracts/text/issue-words.ts';
import { didYouMean } from '../../contracts/text/nearest-name.ts';
import { readCandleFile } from '../../files/read/read-candle-file.ts';
import type { Cell, TableColumn } from '../../files/write/table.ts';
import { writeTable } from '../../files/write/write-table.ts';
import { collect, parseParams } from '../options/strategy-params.ts';
import { usageError } from '../terminal/exit.ts';

const HELP = `
Indicators, parameters with defaults, and columns out:
  sma, ema, stddev   period=20                 open_time,value
  rsi, atr           period=14 (Wilder)        open_time,value
  roc                period=10 (percent)       open_time,value
  bollinger          period=20 deviations=2    open_time,lower,middle,upper
  donchian           period=20                 open_time,lower,middle,upper of the bars before each one
Values are empty during warm-up.

  predictlab indicators --candles btc.csv --name rsi --param period=14`;

/** Adds `predictlab indicators`. */
export function registerIndicators(program: Command): void {
  program
    .command('indicators')
    .description('Computes an indicator over a candle file and prints one row per bar. Needs no server.')
    .requiredOption('--candles <csv>', 'the candle file: open_time,open,high,low,close,volume')
    .requiredOption('--name <indicator>', `one of ${INDICATOR_NAMES.join(', ')}`)
    .addOption(new Option('--param <name=value>', 'a parameter; may be given several times').argParser(collect).default([], 'see below'))
    .option('--json', 'print JSON instead of CSV')
    .addHelpText('after', HELP)
    .action(indicators);
}

async function indicators(flags: { candles: string; name: string; param: readonly string[]; json?: boolean }): Promise<void> {
  const name = INDICATOR_NAMES.find((known) => known === flags.name);
  if (name === undefined) {
    throw usageError(
      `--name ${flags.name}: there is no such indicator; there are ${INDICATOR_NAMES.join(', ')}${didYouMean(flags.name, INDICATOR_NAMES)}`,
    );
  }
  const params = checkedParams(name, flags.param);
  const { candles, whereOf } = await readCandleFile(flags.candles);
  const problem = candleProblem(candles, 'any', whereOf);
  if (problem !== undefined) throw new PredictLabError('BadInput', problem);
  const values = indicatorValues(name, candles, params as never);
  const columns = values instanceof Float64Array ? { value: values } : { lower: values.lower, middle: values.middle, upper: values.upper };
  const header: TableColumn[] = [
    { name: 'open_time', type: 'time' },
    ...Object.keys(columns).map((column): TableColumn => ({ name: column, type: 'number' })),
  ];
  await writeTable({ columns: header, batches: rowsOf(candles, Object.values(columns)) }, flags.json ? 'json' : 'csv');
}

function checkedParams(name: IndicatorName, given: readonly string[]): object {
  const parsed = INDICATORS[name].params.safeParse(parseParams(given));
  if (parsed.success) return parsed.data;
  const takes = Object.keys(INDICATORS[name].params.shape).join(', ');
  const problems = parsed.error.issues.map((issue) =>
    issue.code === 'unrecognized_keys'
      ? `--param ${issue.keys.join(', ')}: the indicator ${name} takes ${takes}`
      : `--param ${issue.path.join('.')} of the indicator ${name}: ${issueWords(issue)}`,
  );
  throw usageError(problems.join('; '));
}

async function* rowsOf({ openTime, length }: CandleSeries, columns: readonly Float64Array[]): AsyncGenerator<Cell[][]> {
  yield Array.from({ length }, (_, i) => [openTime[i], ...columns.map((column) => column[i])]);
}
