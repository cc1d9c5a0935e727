import { DEFAULT_BACKTEST } from '../../contracts/run/backtest-settings.ts';
import type { PipelineResult } from '../../contracts/run/pipeline-status.ts';
import type { RunConfig } from '../../contracts/run/run-config.ts';
import { formatDuration, formatNumber, formatPercent, plural } from '../elements/format.ts';
import { fingerprint, rootCauses, type SharedFailure } from './causes/root-causes.ts';
import { groupRun } from './symbol-tasks.ts';

/** The parts of a run that are compared with another run. */
export interface ComparedRun {
  readonly result: PipelineResult;
  readonly config: RunConfig;
  /** Metrics of the best-ranked backtest of each symbol. */
  readonly metrics?: ReadonlyMap<string, ComparedMetrics>;
}

/** The compared metrics of a symbol; returns are fractions. `null` if a metric is undefined or weak. */
export interface ComparedMetrics {
  /** The best strategy with its parameters. */
  readonly strategy: string;
  readonly totalReturn: number | null;
  readonly sharpe: number | null;
}

/** Minimum change of a return or a Sharpe ratio that is reported; smaller ones are usual with new data. */
const NOTABLE_RETURN = 0.01;
const NOTABLE_SHARPE = 0.25;
const MAX_METRICS = 8;

/** Durations that grew or shrank by more than this factor are reported. */
const NOTABLE = 1.5;

/** Differences from the previous run, one sentence each: result, failures, verdicts, symbols, config, metrics, duration. */
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

/** Root causes that only one of the two runs has. */
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
  const describe = ({ what, taskIds, type, message }: SharedFailure): string =>
    `${taskIds.length === 1 ? taskIds[0] : `${what} of ${taskIds.length} symbols`}: ${type}: ${message}`;
  return [
    ...[...later].flatMap(([key, cause]) => (earlier.has(key) ? [] : [`new failure: ${describe(cause)}`])),
    ...[...earlier].flatMap(([key, cause]) => (later.has(key) ? [] : [`no longer fails: ${describe(cause)}`])),
  ];
};

/** Metrics that moved notably: a different best strategy first, then the largest moves of returns. */
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

/** The best strategy; a dash where no Sharpe ratio may be ranked. */
const ranking = ({ strategy, sharpe }: ComparedMetrics): string => (sharpe === null ? '–' : strategy);

/** The distance of two numbers; infinite when only one of them is known. */
const distance = (before: number | null, now: number | null): number =>
  before === null || now === null ? (before === now ? 0 : Number.POSITIVE_INFINITY) : Math.abs(now - before);

const verdictsOf = ({ result, config }: ComparedRun): ReadonlyMap<string, string> =>
  new Map(groupRun(result, config).symbols.map((row) => [row.symbol, row.verdict]));

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
  const list = (word: string, all: ReadonlySet<string>, without: ReadonlySet<string>): readonly string[] => {
    const symbols = [...all].filter((symbol) => !without.has(symbol));
    if (symbols.length === 0) return [];
    const more = symbols.length > 5 ? ` and ${symbols.length - 5} more` : '';
    return [`${word}: ${symbols.slice(0, 5).join(', ')}${more}`];
  };
  return [...list('new symbols', later, earlier), ...list('symbols left out', earlier, later)];
};

const COMPARED = [
  'sourceTypes',
  'intervals',
  'daysBack',
  'catchUpMs',
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

/** A run's setting; if it has none, the default, or `null` for a setting without a default. */
const settingOf = (config: RunConfig, field: (typeof COMPARED)[number]): unknown =>
  config[field] ?? (field === 'backtest' ? DEFAULT_BACKTEST : null);

const durationChange = (before: PipelineResult, now: PipelineResult): readonly string[] => {
  const [short, long] = [before.durationSeconds, now.durationSeconds].sort((a, b) => a - b) as [number, number];
  return long - short > 1 && long > short * NOTABLE
    ? [`duration: ${formatDuration(before.durationSeconds)} → ${formatDuration(now.durationSeconds)}`]
    : [];
};
