import { decodeMetrics } from '../../../backtest/record/metrics-column.ts';
import { orderedParams, storedParams } from '../../../backtest/record/passport-column.ts';
import type { PipelineStatus, TaskResult } from '../../../contracts/run/pipeline-status.ts';
import { windowOf } from '../../../contracts/run/run-window.ts';
import { numberIn } from '../../../contracts/task/task-output.ts';
import { DAY_MS, type SourceType, type Stage, stageTaskId } from '../../../contracts/words.ts';
import { incidentsOfRun } from '../../../incidents/rows/incidents.ts';
import type { RecentPrices } from '../../../report/charts/sparkline.ts';
import { paramsText } from '../../../report/elements/format.ts';
import type { FiledRun } from '../../../report/elements/report-path.ts';
import { type ComparedMetrics, changesSince } from '../../../report/run/changes.ts';
import type { RunOnPage, RunPageData, RunSymbolRow } from '../../../report/run/run-data.ts';
import { groupRun, stagesOfWhole } from '../../../report/run/symbol-tasks.ts';
import { mostUrgentRows } from '../../../report/run/task-grid.ts';
import { redactInput } from '../../../secrets/redact-input.ts';
import type { Queryable } from '../../../storage/database/database.ts';
import { symbolsByName } from '../../../storage/markets/catalogue.ts';
import { configurationHead } from '../../../storage/runs/configurations.ts';
import { pastAttempts } from '../../../storage/runs/ledger/ledger.ts';
import {
  bestBacktests,
  type LedgerTask,
  lastErrors,
  longestGaps,
  mostActiveInstruments,
  recentCloses,
  runBefore,
  usualDuration,
} from '../../../storage/runs/run-rows.ts';
import type { StoredRun } from '../../../storage/runs/runs.ts';
import { shadowsOfRun } from '../../../storage/shadow/shadow-verdicts.ts';
import { lastTicks, retryChain } from '../../../storage/ticks/symbol-rows.ts';
import { VERSION } from '../../../version.ts';

/** Maximum number of symbols whose data is looked up; the page states the total number. */
const MAX_SYMBOLS = 300;
/** Shortest gap that is shown: a shorter one is the boundary between two collections, not an outage. */
export const MIN_GAP_MS = 60_000;
const MAX_GAPS = 50;

export interface ShownRun extends Omit<StoredRun, 'status'> {
  readonly status: RunOnPage;
}

/** Parts of a run's page that only the caller knows. */
export interface RunPageLinks {
  /** Relative address of a symbol's page; `null` when there is none. */
  readonly symbolHref: (symbol: string) => string | null;
  /** Relative address of another run's page; `null` when it is not on this machine. */
  readonly runHref: (run: FiledRun) => Promise<string | null>;
  readonly temporalUrl: string | null;
}

/** The status of an open run, as its page shows it at `now`. */
export const runningOnPage = (status: PipelineStatus, now: number, reasons: readonly string[] = []): RunOnPage => ({
  ...status,
  durationSeconds: status.finishedAt === null ? Math.max(0, (now - Date.parse(status.startedAt)) / 1000) : status.durationSeconds,
  result: 'running',
  reasons,
});

/** The symbols that a run's page lists: all of them, or those that need attention first. */
export const listedSymbols = (run: ShownRun): readonly string[] =>
  mostUrgentRows(groupRun(run.status, run.config).symbols, MAX_SYMBOLS).map(({ symbol }) => symbol);

/** Reads everything that a run's page shows; `tasks` are those of its listed symbols. */
export async function loadRunPage(
  queryable: Queryable,
  run: ShownRun,
  tasks: readonly LedgerTask[],
  links: RunPageLinks,
): Promise<RunPageData> {
  const { config, executionId } = run;
  const symbols = listedSymbols(run);
  const result = withStages(run.status, { symbols, untilStage: config.untilStage, tasks });
  const { totalTasks } = result;
  const window = windowOf(config);
  const previous = await runBefore(queryable, executionId);
  // the result of an open run is not known yet, so there is nothing to compare
  const ended = run.status.result === 'running' ? undefined : run.status.result;
  // an open run has yet to collect the newest time of symbols whose rows it has not stored
  const collected =
    ended === undefined ? symbols.filter((symbol) => tasks.some(({ taskId }) => taskId === stageTaskId(symbol, 'store'))) : symbols;
  const best = await bestBacktests(queryable, { symbols, executionIds: await retryChain(queryable, executionId) });
  const [before, usual, rows, errors, attempts, gaps, shadows, configuration] = await Promise.all([
    ended === undefined ? new Map<string, ComparedMetrics>() : metricsBefore(queryable, symbols, previous?.executionId),
    usualDuration(queryable, { executionId, totalTasks }),
    symbolRows(queryable, run, { symbols, tasks, best, links }),
    lastErrors(queryable, executionId),
    pastAttempts(queryable, executionId),
    longestGaps(queryable, {
      symbols: collected,
      asOf: collected.map(() => window.to),
      sourceTypes: config.sourceTypes,
      window: window.to - window.from,
      shortest: MIN_GAP_MS,
      limit: MAX_GAPS,
    }),
    shadowsOfRun(queryable, executionId),
    configurationHead(queryable, executionId),
  ]);
  return {
    result,
    // ordered again, because the database does not keep the order of keys
    config: { ...config, strategies: config.strategies.map((one) => ({ ...one, params: orderedParams(one.name, one.params) })) },
    inputText: JSON.stringify(redactInput(run.input), null, 2),
    usual,
    previous:
      previous === undefined
        ? null
        : {
            runId: previous.runId,
            result: previous.status.result,
            finishedAt: previous.finishedAt?.getTime() ?? null,
            href: await links.runHref(previous),
          },
    symbols: rows,
    lastErrors: errors,
    attempts,
    incidents: await incidentsOfRun(queryable, executionId),
    gaps,
    shadows: shadows.map(({ build, verdict, at, rows: ticks, candles, metrics, differences, leftOut }) => ({
      build,
      verdict,
      at: Date.parse(at),
      rows: ticks.compared,
      candles: candles.compared,
      metrics: metrics.compared,
      sentences: [...differences, ...leftOut],
    })),
    changes:
      previous === undefined || ended === undefined
        ? []
        : changesSince(
            { result: previous.status, config: previous.config, metrics: before },
            { result: { ...run.status, result: ended }, config, metrics: comparedMetrics(best) },
          ),
    versions: {
      predictlab: VERSION,
      ...(configuration === undefined ? {} : { build: configuration.code, 'config version': String(configuration.version) }),
      node: process.version,
      'Temporal run id': executionId,
      ...(run.retryOf === null ? {} : { 'retry of': run.retryOf }),
    },
    temporalUrl: links.temporalUrl,
    madeBy: `PredictLab ${VERSION}`,
  };
}

type BestBacktests = Awaited<ReturnType<typeof bestBacktests>>;

const metricsBefore = async (
  queryable: Queryable,
  symbols: readonly string[],
  executionId: string | undefined,
): Promise<ReadonlyMap<string, ComparedMetrics>> =>
  executionId === undefined
    ? new Map()
    : comparedMetrics(await bestBacktests(queryable, { symbols, executionIds: await retryChain(queryable, executionId) }));

/** Metrics of each symbol's first-ranking backtest in a run, or in the runs whose results it took over. */
const comparedMetrics = (best: BestBacktests): ReadonlyMap<string, ComparedMetrics> =>
  new Map(
    [...best].map(([symbol, backtest]) => {
      const { strategy, metrics } = backtest;
      const { metrics: values, weak } = decodeMetrics(metrics);
      const known = (key: 'totalReturn' | 'sharpe'): number | null => (weak[key] === undefined ? values[key] : null);
      return [
        symbol,
        {
          strategy: `${strategy} ${paramsText(storedParams(backtest))}`.trim(),
          totalReturn: known('totalReturn'),
          sharpe: known('sharpe'),
        },
      ];
    }),
  );

/**
 * The newest price and the last seven days of each symbol's most active instrument.
 * @param window.to UTC epoch milliseconds
 * @param window.daysBack days in which the most active instrument is searched. @default 7, also for shorter ones
 */
export async function symbolPrices(
  queryable: Queryable,
  symbols: readonly string[],
  { to, daysBack = 7, sourceTypes }: { readonly to: number; readonly daysBack?: number; readonly sourceTypes?: readonly SourceType[] },
): Promise<(symbol: string) => RecentPrices> {
  const active = await mostActiveInstruments(queryable, { symbols, sourceTypes, from: to - Math.max(7, daysBack) * DAY_MS, to });
  const keys = active.map(({ instrumentKey }) => instrumentKey);
  const last = await lastTicks(queryable, { keys, kinds: active.map(({ kind }) => kind), until: to });
  const closes = await recentCloses(queryable, { instruments: active, from: to - 7 * DAY_MS, to });
  const keyOf = new Map(active.map(({ symbol, instrumentKey }) => [symbol, instrumentKey]));
  return (symbol) => {
    const key = keyOf.get(symbol) ?? -1;
    const spark = closes.get(key);
    return { last: last.get(key) ?? null, spark: spark?.points ?? [], sparkStep: spark?.step ?? 3_600_000 };
  };
}

const symbolRows = async (
  queryable: Queryable,
  run: ShownRun,
  known: { symbols: readonly string[]; tasks: readonly LedgerTask[]; best: BestBacktests; links: RunPageLinks },
): Promise<readonly RunSymbolRow[]> => {
  const { symbols, tasks, best, links } = known;
  const { asOf, daysBack, sourceTypes } = run.config;
  if (symbols.length === 0) return [];
  const prices = await symbolPrices(queryable, symbols, { to: asOf, daysBack, sourceTypes });
  const titles = await symbolsByName(queryable, symbols);
  const outputs = new Map(tasks.map((task) => [task.taskId, task.output]));
  return symbols.map((symbol): RunSymbolRow => {
    const backtest = best.get(symbol);
    const stored = backtest === undefined ? undefined : decodeMetrics(backtest.metrics);
    const because = stored?.weak.sharpe ?? stored?.undefined.sharpe;
    return {
      symbol,
      title: titles.get(symbol)?.title ?? '',
      href: links.symbolHref(symbol),
      rowsIn: numberIn(outputs.get(stageTaskId(symbol, 'collect')), 'ticks'),
      quarantined: numberIn(outputs.get(stageTaskId(symbol, 'clean')), 'quarantined'),
      ...prices(symbol),
      best:
        backtest === undefined || stored === undefined || because !== undefined
          ? null
          : {
              strategy: `${backtest.strategy} ${paramsText(storedParams(backtest))}`.trim(),
              sharpe: stored.metrics.sharpe,
              maxDrawdown: stored.metrics.maxDrawdown,
              undefined: stored.undefined,
              sharpeError: stored.sharpeError,
            },
      ...(because !== undefined && { unranked: `no backtest may be ranked: ${because}` }),
    };
  });
};

/** Adds stages from the ledger to a status with one result per symbol, as runs of many symbols have; returns any other status unchanged. */
export const withStages = <Status extends PipelineStatus>(
  status: Status,
  { symbols, untilStage, tasks }: { symbols: readonly string[]; untilStage: Stage; tasks: readonly LedgerTask[] },
): Status => {
  const wholes = symbols.filter((symbol) => Object.hasOwn(status.taskResults, symbol));
  if (wholes.length === 0) return status;
  const known = new Map(wholes.map((symbol): [string, Record<string, TaskResult>] => [symbol, {}]));
  for (const task of tasks) {
    const own = known.get(task.symbol ?? '');
    if (own !== undefined) own[task.taskId] = resultOfLedger(task);
  }
  const filled: Record<string, TaskResult> = { ...status.taskResults };
  for (const [symbol, own] of known) {
    // a success without ledger rows stays as it is: its stages are not known
    if (status.taskResults[symbol].status === 'success' && Object.keys(own).length === 0) continue;
    delete filled[symbol];
    Object.assign(filled, stagesOfWhole(symbol, status.taskResults[symbol], { untilStage, known: own }));
  }
  return { ...status, taskResults: filled };
};

/** The result of a task that took effect. */
export const resultOfLedger = (task: LedgerTask): TaskResult => ({
  status: 'success',
  attempts: task.attempts,
  startedAt: task.startedAt.toISOString(),
  durationSeconds: task.durationSeconds,
  error: null,
  output: task.output,
  ...(task.degraded === null ? {} : { degraded: task.degraded }),
});
