import type { PipelineResult } from '../../contracts/pipeline-status.ts';
import type { RunConfig } from '../../contracts/run-config.ts';
import { formatDuration } from '../elements/format.ts';
import { groupTasks } from './symbol-tasks.ts';

/** One run, as far as it is compared with another. */
export interface ComparedRun {
  readonly result: PipelineResult;
  readonly config: RunConfig;
}

/** A duration that grew or shrank by more than this factor is said. */
const NOTABLE = 1.5;

/** What is different from the run before, one sentence each: how it ended, symbols, verdicts, config, how long it took. */
export const changesSince = (before: ComparedRun, now: ComparedRun): readonly string[] => [
  ...changed('result', before.result.result, now.result.result),
  ...verdictChanges(before, now),
  ...symbolChanges(before, now),
  ...configChanges(before.config, now.config),
  ...durationChange(before.result, now.result),
];

const changed = (name: string, before: string, now: string): readonly string[] => (before === now ? [] : [`${name}: ${before} → ${now}`]);

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
  'refetch',
  'stages',
  'tasks',
] as const;

const configChanges = (before: RunConfig, now: RunConfig): readonly string[] =>
  COMPARED.flatMap((field) => {
    const was = JSON.stringify(before[field]);
    const is = JSON.stringify(now[field]);
    if (was === is) return [];
    return was.length + is.length > 160 ? [`${field}: changed; see the resolved config of both runs`] : [`${field}: ${was} → ${is}`];
  });

const durationChange = (before: PipelineResult, now: PipelineResult): readonly string[] => {
  const [short, long] = [before.durationSeconds, now.durationSeconds].sort((a, b) => a - b) as [number, number];
  return long - short > 1 && long > short * NOTABLE
    ? [`duration: ${formatDuration(before.durationSeconds)} → ${formatDuration(now.durationSeconds)}`]
    : [];
};
