import type { PluginThreads } from '../../activities/custom/threads/plugin-threads.ts';
import { runShadowStages, SHADOW_STAGES, type ShadowEffect, type ShadowStage } from '../../activities/shadow/run-shadow-stages.ts';
import { judgeResults } from '../../backtest/proof/compare-results.ts';
import { decodePassport } from '../../backtest/record/passport-column.ts';
import type { Log } from '../../contracts/log.ts';
import { numberIn } from '../../contracts/task/task-output.ts';
import { INTERVAL_MS, type Interval } from '../../contracts/words.ts';
import type { LoadedPlugins } from '../../plugins/plugins.ts';
import { readBacktests, type StoredBacktest } from '../../storage/backtests/backtests.ts';
import type { Database } from '../../storage/database/database.ts';
import type { StoredRun } from '../../storage/runs/runs.ts';
import { type Compared, changedSeries, compareCandles, compareRows } from '../../storage/shadow/compare-stored.ts';
import { copyInputs, type FrozenInputs, frozenInputs, SHADOW_EXECUTION, sameWorkSeconds } from '../../storage/shadow/frozen-inputs.ts';
import type { ShadowSchema } from '../../storage/shadow/shadow-schema.ts';
import { earlierDurations, type ShadowDuration, type ShadowReport } from '../../storage/shadow/shadow-verdicts.ts';
import { usageError } from '../terminal/print.ts';
import { runResult } from './compare-runs.ts';

export interface ShadowRequest {
  /** The database that holds the run. */
  readonly main: Database;
  readonly schema: ShadowSchema;
  readonly run: StoredRun;
  readonly build: string;
  readonly host: string;
  readonly plugins: LoadedPlugins;
  readonly threads: PluginThreads;
  /** Relative difference up to which metrics count as equal. */
  readonly tolerance: number;
  /** Maximum duration of a stage, as a multiple of its duration with the other build. */
  readonly slower: number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Maximum number of sentences of each kind in a report. */
const MAX_SENTENCES = 50;
const NOTHING: Compared = { compared: 0, different: 0, leftOut: 0, examples: [] };

/**
 * Runs this build on the inputs of a run, symbol by symbol, and compares the results with what is stored.
 * @throws ExitError 2 when none of the run's inputs can still be compared
 */
export async function shadowOf(request: ShadowRequest): Promise<ShadowReport> {
  const { main, run, build, host } = request;
  const { config, executionId } = run;
  const totals = { rows: NOTHING, candles: NOTHING, metrics: NOTHING };
  const seconds = new Map<ShadowStage, number>();
  const [differences, leftOut]: [string[], string[]] = [[], []];
  const done: string[] = [];
  for (const { symbol } of config.symbols) {
    request.signal.throwIfAborted();
    const inputs = await frozenInputs(main, { executionId, symbol, sourceTypes: config.sourceTypes });
    if (typeof inputs === 'string') {
      leftOut.push(inputs);
      continue;
    }
    leftOut.push(...inputs.leftOut);
    const one = await shadowSymbol(request, inputs);
    done.push(symbol);
    for (const { stage, seconds: took } of one.effects) seconds.set(stage, (seconds.get(stage) ?? 0) + took);
    for (const part of ['rows', 'candles', 'metrics'] as const) totals[part] = sum(totals[part], one[part]);
    differences.push(...one.differences);
  }
  if (done.length === 0) {
    const why = leftOut.length === 0 ? 'it has no symbols' : leftOut[0];
    throw usageError(`nothing of run ${run.runId} can be compared: ${why}`);
  }
  const earlier = await earlierDurations(main, { executionId, build, host });
  const sameWork = await sameWorkSeconds(main, executionId, done);
  const durations = [...seconds].map(([stage, each]) => ({
    stage,
    seconds: each,
    before: earlier.get(stage) ?? sameWork.get(stage) ?? null,
  }));
  differences.push(...tooSlow(durations, request.slower));
  return {
    verdict: differences.length === 0 ? 'same' : 'differs',
    runId: run.runId,
    build,
    symbols: done.length,
    ...totals,
    durations,
    differences: differences.slice(0, MAX_SENTENCES),
    leftOut: leftOut.slice(0, MAX_SENTENCES),
  };
}

interface SymbolShadow {
  readonly effects: readonly ShadowEffect[];
  readonly rows: Compared;
  readonly candles: Compared;
  readonly metrics: Compared;
  readonly differences: readonly string[];
}

async function shadowSymbol(request: ShadowRequest, inputs: FrozenInputs): Promise<SymbolShadow> {
  const { main, schema, run, plugins, threads, log, signal, tolerance } = request;
  const { config, executionId } = run;
  const { symbol } = inputs;
  const { asOf, intervals } = config;
  await copyInputs(main, { schema: schema.name, inputs, asOf });
  const stored = await readBacktests(main, { executionId, symbol });
  const untilStages = SHADOW_STAGES.filter((stage) => stage !== 'backtest' || inputs.backtested);
  const effects = await runShadowStages(schema.database, { symbol, settings: config, untilStages, plugins, threads, log, signal });
  // Another run may have stored data meanwhile, and a venue may have changed its facts: compare only what is unchanged.
  const now = await frozenInputs(main, { executionId, symbol, sourceTypes: config.sourceTypes });
  const instruments = typeof now === 'string' ? inputs.instruments : now.instruments;
  const comparison = { schema: schema.name, instruments, asOf };
  const rows = await compareRows(main, comparison);
  const candles = await compareCandles(main, { ...comparison, intervals });
  const changed = await changedSeries(main, comparison);
  const unsure = new Set(instruments.filter(({ factsChanged }) => factsChanged).map(({ key }) => key));
  const known = new Set(instruments.map(({ key }) => key));
  const keys = new Map(instruments.map(({ id, key }) => [id, key]));
  const isOther = (key: number | undefined, interval: Interval): boolean =>
    key === undefined || !known.has(key) || unsure.has(key) || changed.has(`${key} ${INTERVAL_MS[interval] / 60_000}`);
  const hasChanged = ({ of }: { of: StoredBacktest }): boolean => {
    // A twin may belong to another symbol, which has no shadow.
    const twin = decodePassport(of.passport)?.twin ?? null;
    return isOther(of.instrumentKey, of.interval) || (twin !== null && isOther(keys.get(twin), of.interval));
  };
  const made = untilStages.includes('backtest') ? await readBacktests(schema.database, { executionId: SHADOW_EXECUTION, symbol }) : [];
  const metrics = judgeResults(stored.map(runResult), made.map(runResult), { hasChanged, tolerance });
  const refused = numberIn(effects.find(({ stage }) => stage === 'clean')?.effect.output, 'quarantined') ?? 0;
  const reasons = JSON.stringify((effects.find(({ stage }) => stage === 'clean')?.effect.output as { reasons?: object })?.reasons ?? {});
  return {
    effects,
    rows,
    candles,
    metrics,
    differences: [
      ...(refused === 0 ? [] : [`${symbol}: ${refused} rows that are stored would be quarantined: ${reasons}`]),
      ...sentences(symbol, 'rows', rows),
      ...sentences(symbol, 'candles', candles),
      ...sentences(symbol, 'backtests', metrics),
    ],
  };
}

const sentences = (symbol: string, what: string, { compared, different, examples }: Compared): readonly string[] =>
  different === 0 ? [] : [`${symbol}: ${different} of ${compared} ${what} differ, such as ${examples.join('; ')}`];

const sum = (one: Compared, other: Compared): Compared => ({
  compared: one.compared + other.compared,
  different: one.different + other.different,
  leftOut: one.leftOut + other.leftOut,
  examples: [...one.examples, ...other.examples].slice(0, 3),
});

/** Seconds below which differences in duration are noise. */
const MIN_SECONDS = 5;

/** One sentence per stage that takes more than 5 s and more than `slower` times what another build took for the same work. */
export function tooSlow(durations: readonly ShadowDuration[], slower: number): readonly string[] {
  return durations.flatMap(({ stage, seconds, before }) =>
    before !== null && seconds > MIN_SECONDS && seconds > slower * before
      ? [`${stage} took ${seconds.toFixed(1)} s, ${(seconds / before).toFixed(1)} times the ${before.toFixed(1)} s of the other build`]
      : [],
  );
}
