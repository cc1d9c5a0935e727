import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { ERROR_EFFECTS } from '../contracts/errors.ts';
import type { AttemptStatus, TaskMetrics } from '../contracts/task/stage-report.ts';
import { numberIn } from '../contracts/task/task-output.ts';
import { STAGES } from '../contracts/words.ts';
import { QueueLengths } from './queue-lengths.ts';

/** Value of the label `stage` for custom tasks. */
const CUSTOM = 'custom';
/** Statuses of ended tasks. An attempt that is followed by another one is counted as a retry instead. */
const ENDS: readonly Exclude<AttemptStatus, 'retried'>[] = ['success', 'failed', 'cancelled'];
/** Value of the label `error` for types that are not PredictLab's, so that the number of series stays bounded. */
const OTHER = 'Other';
const RETRYABLE = Object.entries(ERROR_EFFECTS).flatMap(([type, effect]) => (effect === 'retryable' ? [type] : []));

/** Fields of stage outputs that count rows, and the value of the label `outcome` for each. */
const ROW_OUTCOMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  collect: { ticks: 'collected' },
  clean: { ok: 'ok', quarantined: 'quarantined', flagged: 'flagged' },
  store: { inserted: 'inserted', duplicates: 'duplicate' },
  kline: { changed: 'changed' },
};

const POOL_STATES = ['busy', 'idle', 'waiting'] as const;
type PoolState = (typeof POOL_STATES)[number];

/** The Prometheus metrics of a worker; names and labels are part of the public contract. */
export interface WorkerMetrics {
  readonly registry: Registry;
  readonly tasks: TaskMetrics;
  /** Numbers of ready and running tasks of the runs whose workflows this worker executes. */
  readonly queue: QueueLengths;
  /** Sets the function that returns the age of each symbol's newest tick in seconds; each scrape calls it. */
  onFreshness(read: () => Promise<ReadonlyMap<string, number>>): void;
  /** Sets the function that returns the numbers of database connections by state; each scrape calls it. */
  onPool(read: () => Readonly<Record<PoolState, number>>): void;
  /** Sets the function that returns the basis of twins; scrapes call it at most once a minute. */
  onBasis(read: () => Promise<readonly BasisOfTwins[]>): void;
}

/** Profit per unit of holding a market against its twin, in the more profitable direction. `market` and `twin` are ids. */
interface BasisOfTwins {
  readonly market: string;
  readonly twin: string;
  readonly profit: number;
}

/** Milliseconds for which a basis is cached; it changes only when a run records order books. */
const BASIS_MS = 60_000;

/** Creates the metrics of a worker in a separate Prometheus registry. */
export function createMetrics(): WorkerMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const duration = new Histogram({
    name: 'predictlab_stage_duration_seconds',
    help: 'Time of one attempt of a stage that succeeded',
    labelNames: ['stage'],
    buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000],
    registers,
  });
  const tasks = new Counter({
    name: 'predictlab_tasks_total',
    help: 'Tasks that ended, by status',
    labelNames: ['stage', 'status'],
    registers,
  });
  const retries = new Counter({
    name: 'predictlab_retries_total',
    help: 'Attempts that failed and are tried again',
    labelNames: ['stage', 'error'],
    registers,
  });
  const rows = new Counter({
    name: 'predictlab_rows_total',
    help: 'Rows, by what became of them',
    labelNames: ['stage', 'outcome'],
    registers,
  });
  // Every series starts at 0, because queries in Prometheus cannot compare an absent series with 0.
  for (const stage of [...STAGES, CUSTOM]) {
    for (const status of ENDS) tasks.inc({ stage, status }, 0);
    for (const error of [...RETRYABLE, OTHER]) retries.inc({ stage, error }, 0);
    for (const outcome of Object.values(ROW_OUTCOMES[stage] ?? {})) rows.inc({ stage, outcome }, 0);
  }
  const queue = new QueueLengths();
  registry.registerMetric(
    new Gauge({
      name: 'predictlab_queue_length',
      help: 'Tasks ready for a slot, and running',
      labelNames: ['state'],
      registers: [],
      async collect() {
        const { ready, running } = await queue.totals();
        this.set({ state: 'ready' }, ready);
        this.set({ state: 'running' }, running);
      },
    }),
  );
  let readFreshness: (() => Promise<ReadonlyMap<string, number>>) | undefined;
  let readPool: (() => Readonly<Record<PoolState, number>>) | undefined;
  let readBasis: (() => Promise<readonly BasisOfTwins[]>) | undefined;
  let basisReadAt = Number.NEGATIVE_INFINITY;
  const freshness = new Gauge({
    name: 'predictlab_freshness_seconds',
    help: 'Age of the newest tick of a symbol',
    labelNames: ['symbol'],
    registers: [],
    async collect() {
      this.reset();
      for (const [symbol, seconds] of (await readFreshness?.()) ?? []) this.set({ symbol }, seconds);
    },
  });
  const pool = new Gauge({
    name: 'predictlab_db_pool',
    help: 'Database connections of this worker',
    labelNames: ['state'],
    registers: [],
    collect() {
      const counts = readPool?.();
      if (counts !== undefined) for (const state of POOL_STATES) this.set({ state }, counts[state]);
    },
  });
  const basis = new Gauge({
    name: 'predictlab_twin_basis',
    help: 'Profit per unit of holding a market against its twin at another venue, after both fees, in the more profitable direction',
    labelNames: ['market', 'twin'],
    registers: [],
    async collect() {
      if (performance.now() - basisReadAt < BASIS_MS) return;
      basisReadAt = performance.now();
      this.reset();
      for (const { market, twin, profit } of (await readBasis?.()) ?? []) this.set({ market, twin }, profit);
    },
  });
  registry.registerMetric(freshness);
  registry.registerMetric(basis);
  registry.registerMetric(pool);

  return {
    registry,
    tasks: {
      begin(stage) {
        const from = performance.now();
        return {
          end(status, effect, errorType = OTHER) {
            if (status === 'retried') {
              retries.inc({ stage, error: Object.hasOwn(ERROR_EFFECTS, errorType) ? errorType : OTHER });
              return;
            }
            tasks.inc({ stage, status });
            if (status !== 'success') return;
            duration.observe({ stage }, (performance.now() - from) / 1000);
            for (const [key, outcome] of Object.entries(ROW_OUTCOMES[stage] ?? {}))
              rows.inc({ stage, outcome }, numberIn(effect?.output, key) ?? 0);
          },
        };
      },
    },
    queue,
    onFreshness(read) {
      readFreshness = read;
    },
    onPool(read) {
      readPool = read;
    },
    onBasis(read) {
      readBasis = read;
    },
  };
}
