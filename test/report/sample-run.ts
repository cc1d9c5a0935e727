import type { PipelineResult, TaskResult } from '../../src/contracts/run/pipeline-status.ts';
import type { RunConfig, TaskPolicy } from '../../src/contracts/run/run-config.ts';
import type { PastAttempt } from '../../src/contracts/task/stage-report.ts';
import { STAGES, type Stage, TASK_STATUSES, type TaskStatus } from '../../src/contracts/words.ts';
import type { RunPageData, RunSymbolRow } from '../../src/report/run/run-data.ts';
import { AS_OF, DAY, HOUR, seeded } from './sample-numbers.ts';

const POLICY: TaskPolicy = { maxRetries: 3, retryDelayMs: 1000, backoff: 2, maxDelayMs: 60_000, timeoutMs: 300_000 };
export const SAMPLE_SYMBOLS = [
  'BTC_PRICE',
  'ETH_PRICE',
  'SOL_PRICE',
  'US_SENATE',
  'FED_DECEMBER',
  'NBA_FINALS',
  'BTC_UPDOWN_5M',
  'GOV_SHUTDOWN',
];
const TITLES = [
  'Bitcoin above $100k on Nov 30?',
  'Ethereum above $4,000 on Nov 30?',
  'Solana above $200 on Nov 30?',
  'Will the Democratic Party control the Senate after the 2026 election?',
  'Fed decision in December: no change?',
  'Boston wins the 2027 NBA Finals?',
  'Bitcoin up or down, 5 minutes',
  'Government shutdown before January?',
];
const MEAN: Readonly<Record<Stage, number>> = { collect: 6.4, clean: 0.9, store: 1.3, kline: 0.7, backtest: 2.8, visualize: 0.5 };

export const sampleConfig = (symbols: readonly string[] = SAMPLE_SYMBOLS): RunConfig => ({
  symbols: symbols.map((symbol) => ({ symbol, priority: 3 })),
  sourceTypes: ['polymarket', 'predict'],
  intervals: ['1h', '4h', '1d'],
  daysBack: 7,
  untilStage: 'visualize',
  maxConcurrent: 5,
  order: 'priority',
  stages: Object.fromEntries(STAGES.map((stage) => [stage, { policy: POLICY, critical: false }])) as unknown as RunConfig['stages'],
  strategies: [{ name: 'sma-cross', params: { fast: 10, slow: 30 } }],
  tasks: [
    {
      taskId: 'notify',
      name: 'notify desk',
      activity: 'httpPost',
      args: [{ url: 'https://desk.example/hook' }],
      dependencies: ['BTC_PRICE/visualize'],
      runBefore: [],
      policy: POLICY,
      critical: false,
      priority: 3,
    },
  ],
  refetch: false,
  asOf: AS_OF,
});

/** Five slots; ETH retries, US_SENATE's clean fails, SOL has quarantined rows. */
const sampleTasks = (symbols: readonly string[]): Record<string, TaskResult> => {
  const random = seeded(7);
  const tasks: Record<string, TaskResult> = {};
  const slots = [0, 0, 0, 0, 0];
  for (const symbol of symbols) {
    const slot = slots.indexOf(Math.min(...slots));
    let at = slots[slot] ?? 0;
    let broken: string | null = null;
    for (const stage of STAGES) {
      const id = `${symbol}/${stage}`;
      if (broken !== null) {
        tasks[id] = { status: 'skipped', skippedBecause: broken };
        continue;
      }
      const slow = symbol === 'ETH_PRICE' && stage === 'collect';
      const seconds = MEAN[stage] * (0.5 + random()) * (slow ? 3 : 1);
      const fails = symbol === 'US_SENATE' && stage === 'clean';
      tasks[id] = {
        status: fails ? 'failed' : 'success',
        attempts: slow ? 4 : fails ? 1 : 1,
        startedAt: new Date(AS_OF + at * 1000).toISOString(),
        durationSeconds: seconds,
        error: fails
          ? {
              type: 'SourceSchemaChanged',
              message: 'polymarket /v2/trades: data[3].price is missing (expected a number, got undefined)',
              stack: 'x',
            }
          : null,
        output:
          stage === 'collect' ? { ticks: Math.round(9000 + random() * 3000), pages: 21, requests: 22, instruments: 2, sources: {} } : {},
        ...(symbol === 'SOL_PRICE' && stage === 'clean'
          ? { degraded: ['214 of 10 214 rows of SOL_PRICE were quarantined (2.1 %, limit 1 %): price-range 180, malformed 34'] }
          : {}),
      };
      at += seconds + 0.08;
      if (fails) broken = id;
    }
    slots[slot] = at;
  }
  return tasks;
};

export const resultOf = (tasks: Record<string, TaskResult>, more: Partial<PipelineResult> = {}): PipelineResult => {
  const all = Object.values(tasks);
  const count = (status: TaskStatus): number => all.filter((task) => task.status === status).length;
  const ends = all.map((task) => (task.startedAt ? (Date.parse(task.startedAt) - AS_OF) / 1000 + (task.durationSeconds ?? 0) : 0));
  const seconds = Math.max(0, ...ends) + 0.3;
  return {
    runId: 'pipeline-2026-11-24T08:00Z',
    paused: false,
    maxConcurrent: 5,
    result: 'degraded',
    reasons: [],
    totalTasks: all.length,
    completedTasks: all.length - count('pending') - count('running'),
    progress: 1,
    startedAt: new Date(AS_OF).toISOString(),
    finishedAt: new Date(AS_OF + seconds * 1000).toISOString(),
    durationSeconds: seconds,
    statusBreakdown: Object.fromEntries(TASK_STATUSES.map((status) => [status, count(status)])) as PipelineResult['statusBreakdown'],
    stageStats: {},
    taskResults: tasks,
    ...more,
  };
};

export const sampleRow = (symbol: string, i: number): RunSymbolRow => {
  const random = seeded(100 + i);
  let price = 0.2 + random() * 0.6;
  const spark = Array.from({ length: 168 }, (_, hour) => {
    price = Math.min(0.98, Math.max(0.02, price + (random() - 0.5) * 0.04));
    return { time: AS_OF - (168 - hour) * HOUR, price: Math.round(price * 1000) / 1000 };
  }).filter((_, hour) => !(i % 3 === 1 && hour > 60 && hour < 85) && !(i === 5 && hour % 4 !== 0));
  const failed = symbol === 'US_SENATE';
  return {
    symbol,
    title: TITLES[i % TITLES.length] ?? '',
    href: failed ? null : `${symbol}.html`,
    rowsIn: Math.round(9000 + random() * 3000),
    quarantined: failed ? null : symbol === 'SOL_PRICE' ? 214 : 0,
    last: { time: AS_OF - Math.round((1 + random() * 50) * 60_000), price: spark.at(-1)?.price ?? 0.5 },
    spark,
    sparkStep: HOUR,
    best: failed
      ? null
      : {
          strategy: 'sma-cross 10/30',
          sharpe: i === 5 ? null : 2.4 - i * 0.5,
          maxDrawdown: -0.03 - random() * 0.1,
          undefined: i === 5 ? { sharpe: 'fewer than 2 daily returns' } : {},
        },
  };
};

/** A failed attempt in each of the first three quarters of a task's time. */
const sampleAttempts = (task: TaskResult | undefined): PastAttempt[] => {
  const from = Date.parse(task?.startedAt ?? '');
  const quarter = (task?.durationSeconds ?? 0) * 250;
  return [0, 1, 2].flatMap((i) => {
    const begin = from + i * quarter;
    const next = begin + quarter;
    return Number.isNaN(begin) ? [] : [{ attempt: i + 1, from: begin, to: begin + quarter / 4, next, error: 'RateLimited' }];
  });
};

export const sampleRun = (symbols: readonly string[] = SAMPLE_SYMBOLS): RunPageData => {
  const tasks = sampleTasks(symbols);
  const end = Math.max(...Object.values(tasks).map((t) => (t.startedAt ? Date.parse(t.startedAt) + (t.durationSeconds ?? 0) * 1000 : 0)));
  tasks['notify'] = {
    status: 'success',
    attempts: 2,
    startedAt: new Date(end - 2000).toISOString(),
    durationSeconds: 0.24,
    output: { status: 200, bytes: 2 },
  };
  return {
    result: resultOf(tasks),
    config: sampleConfig(symbols),
    inputText: JSON.stringify({ symbols, daysBack: 7, tasks: [{ taskId: 'notify', activity: 'httpPost' }] }, null, 2),
    usual: { medianSeconds: 26, runs: 12 },
    previous: {
      runId: 'pipeline-2026-11-24T04:00Z',
      result: 'success',
      finishedAt: AS_OF - 4 * HOUR + 30_000,
      href: '../pipeline-2026-11-24T04.00Z/index.html',
    },
    symbols: symbols.map(sampleRow),
    attempts: { 'ETH_PRICE/collect': sampleAttempts(tasks['ETH_PRICE/collect']) },
    lastErrors: { 'ETH_PRICE/collect': { type: 'RateLimited', message: 'polymarket answered 429 on /v2/trades; waiting 12 s' } },
    gaps: [
      {
        symbol: 'ETH_PRICE',
        instrument: 'Ethereum above $4,000 on Nov 30?',
        from: AS_OF - DAY + 23.2 * HOUR,
        to: AS_OF - DAY + 23.32 * HOUR,
      },
    ],
    changes: ['US_SENATE: success → failed', 'SOL_PRICE: success → degraded', 'maxConcurrent: 3 → 5'],
    versions: { predictlab: '0.1.0', node: 'v20.20.2' },
    temporalUrl: 'http://127.0.0.1:8233/namespaces/default/workflows/pipeline-2026-11-24T08:00Z',
    madeBy: 'PredictLab 0.1.0',
  };
};
