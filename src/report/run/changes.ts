import { DEFAULT_BACKTEST } from '../../contracts/run/backtest-settings.ts';
import type { PipelineResult } from '../../contracts/run/pipeline-status.ts';
import type { RunConfig } from '../../contracts/run/run-config.ts';
import { formatDuration, formatNumber, formatPercent, plural } from '../elements/format.ts';
import { fingerprint, rootCauses, type SharedFailure } from './causes/root-causes.ts';
import { groupTasks } from './symbol-tasks.ts';

/** One run, as far as it is compared with another. */
export interface ComparedRun {
  readonly result: PipelineResult;
  readonly config: RunConfig;
  /** What the first-ranking backtest of each symbol came to. */
  readonly metrics?: ReadonlyMap<string, ComparedMetrics>;
}

/** Fractions; `null` where undefined, or resting on too little. */
export interface ComparedMetrics {
  /** With its parameters. */
  readonly strategy: string;
  readonly totalReturn: number | null;
  readonly sharpe: number | null;
}

/** A return, and a Sharpe ratio, that moved by less is what new data always does. */
const NOTABLE_RETURN = 0.01;
const NOTABLE_SHARPE = 0.25;
const MAX_METRICS = 8;

/** A duration that grew or shrank by more than this factor is said. */
const NOTABLE = 1.5;

/** What is different from the run before, one sentence each: how it ended, failures, verdicts, symbols, config, metrics, how long it took. */
export const changesSince = (before: ComparedRun, now: ComparedRun): readonly string[] => [
  ...changed('result', before.result.result, now.result.result),
  ...failureChanges(before, now),
  ...verdictChanges(before, now),
  ...symbolChanges(before, now),
  ...configChanges(before.config, now.config),
  ...metricChanges(before, now),
  ...durationChange(before.result, now.result),
];

const changed = (name: string, before: string, now: string): readonly string[] => (before === now ? [] : [`${name}: ${before} → ${now}`]);

/** Failures by their root causes, as far as the run before had none of that kind; and those that it had alone. */
const failureChanges = (before: ComparedRun, now: ComparedRun): readonly string[] => {
  const causesOf = ({ result, config }: ComparedRun): ReadonlyMap<string, SharedFailure> =>
    new Map(
      rootCauses(result.taskResults, new Set(config.symbols.map(({ symbol }) => symbol))).map((cause) => [
        fingerprint(cause.taskIds[0], cause, cause.what),
        cause,
      ]),
    );
  const earlier = causesOf(before);
  const later = causesOf(now);
  const said = ({ what, taskIds, type, message }: SharedFailure): string =>
    `${taskIds.length === 1 ? taskIds[0] : `${what} of ${taskIds.length} symbols`}: ${type}: ${message}`;
  return [
    ...[...later].flatMap(([key, cause]) => (earlier.has(key) ? [] : [`new failure: ${said(cause)}`])),
    ...[...earlier].flatMap(([key, cause]) => (later.has(key) ? [] : [`no longer fails: ${said(cause)}`])),
  ];
};

/** Metrics that moved notably, the largest moves of returns first; and other strategies on top. */
const metricChanges = (before: ComparedRun, now: ComparedRun): readonly string[] => {
  const moved = [...(now.metrics ?? [])].flatMap(([symbol, is]) => {
    const was = before.metrics?.get(symbol);
    if (was === undefined) return [];
    if (was.strategy !== is.strategy) {
      const [first, then] = [ranking(was), ranking(is)];
      return first === then ? [] : [{ by: Number.POSITIVE_INFINITY, line: `${symbol}: best strategy ${first} → ${then}` }];
    }
    const gained = distance(was.totalReturn, is.totalReturn);
    const parts = [
      ...(gained >= NOTABLE_RETURN ? [`return ${formatPercent(was.totalReturn)} → ${formatPercent(is.totalReturn)}`] : []),
      ...(distance(was.sharpe, is.sharpe) >= NOTABLE_SHARPE
        ? [`sharpe ${formatNumber(was.sharpe, 2)} → ${formatNumber(is.sharpe, 2)}`]
        : []),
    ];
    return parts.length === 0 ? [] : [{ by: gained, line: `${symbol} ${is.strategy}: ${parts.join(', ')}` }];
  });
  moved.sort((a, b) => (a.by === b.by ? 0 : b.by - a.by));
  const more = moved.length - MAX_METRICS;
  return [
    ...moved.slice(0, MAX_METRICS).map(({ line }) => line),
    ...(more > 0 ? [`and the metrics of ${plural(more, 'more symbol')}`] : []),
  ];
};

/** Where no ratio rests on enough none of the strategies is the best. */
const ranking = ({ strategy, sharpe }: ComparedMetrics): string => (sharpe === null ? '–' : strategy);

/** How far apart two numbers are; far, when only one of them is known. */
const distance = (before: number | null, now: number | null): number =>
  before === null || now === null ? (before === now ? 0 : Number.POSITIVE_INFINITY) : Math.abs(now - before);

const verdictsOf = ({ result, config }: ComparedRun): ReadonlyMap<string, string> =>
  new Map(
    groupTasks(
      result,
      config.symbols.map(({ symbol }) => symbol),
    ).symbols.map((row) => [row.symbol, row.verdict]),
  );

const verdictChanges = (before: ComparedRun, now: ComparedRun): readonly string[] => {
  const earlier = verdictsOf(before);
  return [...verdictsOf(now)].flatMap(([symbol, verdict]) => {
    const was = earlier.get(symbol);
    return was === undefined ? [] : changed(symbol, was, verdict);
  });
};

const symbolChanges = (before: ComparedRun, now: ComparedRun): readonly string[] => {
  const names = (run: ComparedRun): ReadonlySet<string> => new Set(run.config.symbols.map(({ symbol }) => symbol));
  const earlier = names(before);
  const later = names(now);
  const list = (word: string, symbols: readonly string[]): readonly string[] => {
    if (symbols.length === 0) return [];
    const more = symbols.length > 5 ? ` and ${symbols.length - 5} more` : '';
    return [`${word}: ${symbols.slice(0, 5).join(', ')}${more}`];
  };
  return [
    ...list(
      'new symbols',
      [...later].filter((s) => !earlier.has(s)),
    ),
    ...list(
      'symbols left out',
      [...earlier].filter((s) => !later.has(s)),
    ),
  ];
};

const COMPARED = [
  'sourceTypes',
  'intervals',
  'daysBack',
  'untilStage',
  'maxConcurrent',
  'order',
  'strategies',
  'backtest',
  'refetch',
  'stages',
  'tasks',
] as const;

const configChanges = (before: RunConfig, now: RunConfig): readonly string[] =>
  COMPARED.flatMap((field) => {
    const was = JSON.stringify(settingOf(before, field));
    const is = JSON.stringify(settingOf(now, field));
    if (was === is) return [];
    return was.length + is.length > 160 ? [`${field}: changed; see the resolved config of both runs`] : [`${field}: ${was} → ${is}`];
  });

/** A run that was begun before there was a choice had the default. */
const settingOf = (config: RunConfig, field: (typeof COMPARED)[number]): unknown =>
  config[field] ?? (field === 'backtest' ? DEFAULT_BACKTEST : null);

const durationChange = (before: PipelineResult, now: PipelineResult): readonly string[] => {
  const [short, long] = [before.durationSeconds, now.durationSeconds].sort((a, b) => a - b) as [number, number];
  return long - short > 1 && long > short * NOTABLE
    ? [`duration: ${formatDuration(before.durationSeconds)} → ${formatDuration(now.durationSeconds)}`]
    : [];
};
