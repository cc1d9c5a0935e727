import { type Command, Option } from 'commander';
import { candleProblem } from '../../backtest/engine/candle-series.ts';
import { INDICATOR_NAMES, INDICATORS, type IndicatorName, indicatorValues } from '../../backtest/indicators/registry.ts';
import { badInput } from '../../contracts/errors.ts';
import { issueWords } from '../../contracts/text/issue-words.ts';
import { readCandleFile } from '../../files/read/read-series-file.ts';
import { columnsOf, tableOf } from '../../files/write/table.ts';
import { writeTable } from '../../files/write/write-table.ts';
import { collect, takesWord } from '../options/parsers.ts';
import { parseParams } from '../options/strategy-trials.ts';
import { usageError } from '../terminal/print.ts';

const HELP = `
Indicators, parameters with defaults, and columns out:
  sma, ema, stddev   period=20                 open_time,value
  rsi, atr           period=14 (Wilder)        open_time,value
  roc                period=10 (percent)       open_time,value
  bollinger          period=20 deviations=2    open_time,lower,middle,upper
  donchian           period=20                 open_time,lower,middle,upper of the bars before each one
Values are empty during warm-up.

  predictlab indicators --candles btc.csv --name rsi --param period=14`;

/** Registers `predictlab indicators`. */
export default function register(command: Command): void {
  command
    .description('Computes an indicator over a candle file and prints one row per bar. Needs no server.')
    .requiredOption('--candles <csv>', 'the candle file: open_time,open,high,low,close,volume')
    .addOption(takesWord('--name <indicator>', `one of ${INDICATOR_NAMES.join(', ')}`, INDICATOR_NAMES).makeOptionMandatory())
    .addOption(
      new Option('--param <name=value>', 'a parameter; may be given several times').argParser<string[]>(collect).default([], 'see below'),
    )
    .option('--json', 'print JSON instead of CSV')
    .addHelpText('after', HELP)
    .action(indicators);
}

interface IndicatorOptions {
  readonly candles: string;
  readonly name: IndicatorName;
  readonly param: readonly string[];
  readonly json?: boolean;
}

async function indicators({ name, ...flags }: IndicatorOptions): Promise<void> {
  const params = checkedParams(name, flags.param);
  const { candles, whereOf } = await readCandleFile(flags.candles);
  const problem = candleProblem(candles, 'any', whereOf);
  if (problem !== undefined) throw badInput(problem);
  const values = indicatorValues(name, candles, params as never);
  const columns = values instanceof Float64Array ? { value: values } : { lower: values.lower, middle: values.middle, upper: values.upper };
  const header = columnsOf({ open_time: 'time', ...Object.fromEntries(Object.keys(columns).map((column) => [column, 'number' as const])) });
  const rows = Array.from(candles.openTime, (time, i) => [time, ...Object.values(columns).map((column) => column[i])]);
  await writeTable(tableOf(header, rows), flags.json ? 'json' : 'csv');
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
