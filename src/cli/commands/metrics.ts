import type { Command } from 'commander';
import { measureReturns } from '../../backtest/metrics/return-metrics.ts';
import { readForecastFile, readReturnFile } from '../../files/read/read-series-file.ts';
import { metrics as library } from '../../library/metrics.ts';
import { takesNumber } from '../options/parsers.ts';
import { printJson, usageError } from '../terminal/print.ts';

const HELP = `
returns: a CSV time,return, one row per period, oldest first, 0.01 = 1%. The first return may be empty: its row is the start.
  sharpe = mean/std(ddof 1)·√A, sortino over √mean(min(r,0)²), maxDrawdown from the start on, A = --periods-per-year,
  else from the times (days 365, hours 8760; with irregular steps from the number of rows); "periodsPerYear" in the result names it.
  cagr counts calendar years of 365.25 days from the times; with --periods-per-year given, A rows are a year.
  --trials N: how many strategies were tried in all; deflatedSharpe then says whether the result is more than luck.
  Metrics based on too little data are listed in "weak" (fewer than 30 returns, 90 days); "standardErrors" has that of the Sharpe ratio.
forecasts: a CSV probability,outcome (0 or 1): Brier score, log loss, and a calibration table of ten ranges with 95% Wilson intervals.

  predictlab metrics --returns returns.csv --trials 20
  predictlab metrics --forecasts forecasts.csv`;

/** Registers `predictlab metrics`. */
export default function register(command: Command): void {
  command
    .description('Measures a series of returns, or scores forecasts, and prints JSON. Needs no server.')
    .option('--returns <csv>', 'a CSV file with the columns time,return')
    .option('--forecasts <csv>', 'a CSV file with the columns probability,outcome')
    .addOption(
      takesNumber(
        '--periods-per-year <n>',
        'returns in a year: 365 for days without closing hours, 252 for exchange days (default: by the times)',
        { least: 1e-9 },
      ),
    )
    .addOption(takesNumber('--trials <n>', 'number of strategies tried, for the deflated Sharpe ratio', { least: 1, integer: true }))
    .option('--json', 'print JSON (always the case)')
    .addHelpText('after', HELP)
    .action(metrics);
}

interface MetricsOptions {
  readonly returns?: string;
  readonly forecasts?: string;
  readonly periodsPerYear?: number;
  readonly trials?: number;
}

async function metrics({ returns, forecasts, periodsPerYear, trials }: MetricsOptions): Promise<void> {
  if ((returns === undefined) === (forecasts === undefined)) throw usageError('give either --returns <csv> or --forecasts <csv>');
  if (returns === undefined) {
    if (periodsPerYear !== undefined || trials !== undefined)
      throw usageError('--periods-per-year and --trials apply to --returns only; leave them out');
    return await printForecasts(forecasts as string);
  }
  const series = await readReturnFile(returns);
  const { values, reasons, ...measured } = measureReturns(series, { periodsPerYear, trials });
  const { sample, weak, standardErrors } = measured;
  const about = { undefined: reasons, weak, sample, standardErrors, periodsPerYear: measured.periodsPerYear };
  printJson({ returns: series.returns.length, ...values, ...about });
}

async function printForecasts(path: string): Promise<void> {
  const { probability, outcome } = await readForecastFile(path);
  printJson(library.ofForecasts(probability, outcome));
}
