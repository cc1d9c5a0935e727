import type { RunConfig, TaskPolicy } from '../../contracts/run/run-config.ts';
import type { Stage } from '../../contracts/words.ts';
import { type Graph, stageName } from '../graph/graph.ts';
import { type Durations, expectedSeconds, longestChain, remainingChains } from '../orders/remaining-chain.ts';
import { type RehearsedPlan, type RehearsedRun, rehearseRun } from './rehearsed-run.ts';
import { drawn } from './rehearsed-task.ts';

export interface RehearsalOptions {
  readonly graph: Graph;
  readonly config: Pick<RunConfig, 'order' | 'maxConcurrent' | 'stages' | 'tasks'>;
  /** Mean seconds by task id or stage. @default 1 s each */
  readonly durations?: Durations;
  /** @default 1 */
  readonly seed?: number;
  /** Probability that an attempt of a stage fails, in [0, 1]. @default 0 */
  readonly failures?: Readonly<Partial<Record<Stage, number>>>;
  /** Number of virtual runs, 1 to 200. @default as many as finish in well under a second */
  readonly runs?: number;
  /** Values of `maxConcurrent` among which the best is chosen. @default all that can have an effect, searched by bisection */
  readonly concurrents?: readonly number[];
}

export interface Rehearsal {
  readonly makespanSeconds: { readonly p50: number; readonly p95: number };
  /** Share of tasks that succeeded, over all runs. */
  readonly successRate: number;
  /** Share of `maxConcurrent · makespan` in which a slot was held. */
  readonly slotUse: number;
  /** The chain of tasks with the largest sum of mean durations, first to last. */
  readonly criticalPath: readonly string[];
  /** The smallest `maxConcurrent` whose makespan is within 5 % of the best one's. */
  readonly bestConcurrent: number;
}

/** Number of tasks simulated by default, over all virtual runs. */
const TASKS_PLAYED = 50_000;
const MAX_RUNS = 200;
/** A makespan up to this factor of the best one counts as equally good. */
const GOOD_ENOUGH = 1.05;
/** Virtual runs for each value of `maxConcurrent` that is tried. All values get the same random numbers, so few runs suffice. */
const RUNS_COMPARED = 5;

/**
 * Simulates a run in virtual time with seeded durations (log-normal around the measured means, see `rehearsed-task.ts`) and seeded
 * faults, using the reducer of real runs. The same options give the same answer.
 */
export function rehearse({ graph, config, durations = {}, seed = 1, failures = {}, runs, concurrents }: RehearsalOptions): Rehearsal {
  const plan = rehearsedPlan(graph, { config, durations, failures });
  const affordable = Math.floor(TASKS_PLAYED / Math.max(1, graph.size));
  const count = runs ?? Math.min(MAX_RUNS, Math.max(1, affordable));
  const play = (run: number, maxConcurrent: number): RehearsedRun => rehearseRun(plan, { seed: runSeed(seed, run), maxConcurrent });
  const played = Array.from({ length: count }, (_, run) => play(run, config.maxConcurrent));
  const makespans = played.map(({ makespanMs }) => makespanMs / 1000).sort((a, b) => a - b);
  const total = (pick: (run: RehearsedRun) => number): number => played.reduce((sum, run) => sum + pick(run), 0);
  const slotMs = total(({ makespanMs }) => makespanMs) * config.maxConcurrent;

  const compared = Math.min(RUNS_COMPARED, Math.max(1, Math.floor(affordable / 10)));
  const meanMakespan = (maxConcurrent: number): number => {
    let sum = 0;
    for (let run = 0; run < compared; run++) sum += play(run, maxConcurrent).makespanMs;
    return sum / compared;
  };
  return {
    makespanSeconds: { p50: rounded(quantile(makespans, 0.5)), p95: rounded(quantile(makespans, 0.95)) },
    successRate: graph.size === 0 ? 1 : rounded(total(({ succeeded }) => succeeded) / (graph.size * count)),
    slotUse: slotMs === 0 ? 0 : rounded(total(({ heldMs }) => heldMs) / slotMs),
    criticalPath: longestChain(graph, plan.remaining),
    bestConcurrent: concurrents === undefined ? smallestByBisection(laneCount(graph), meanMakespan) : smallestOf(concurrents, meanMakespan),
  };
}

function rehearsedPlan(
  graph: Graph,
  { config, durations, failures }: Required<Pick<RehearsalOptions, 'config' | 'durations' | 'failures'>>,
): RehearsedPlan {
  const customPolicies = new Map(config.tasks.map(({ taskId, policy }) => [taskId, policy]));
  const meanMs = new Float64Array(graph.size);
  const failureRate = new Float64Array(graph.size);
  const policies: TaskPolicy[] = [];
  for (let task = 0; task < graph.size; task++) {
    const stage = stageName(graph, task);
    meanMs[task] = expectedSeconds(graph, task, durations) * 1000;
    failureRate[task] = stage === undefined ? 0 : (failures[stage] ?? 0);
    policies.push(
      stage === undefined ? (customPolicies.get(graph.ids[task]) ?? config.stages.collect.policy) : config.stages[stage].policy,
    );
  }
  const remaining = remainingChains(graph, (task) => meanMs[task] / 1000);
  return { graph, order: config.order, remaining, meanMs, failureRate, policies };
}

/** Rounds to a thousandth; anything finer is noise. */
const rounded = (value: number): number => Math.round(value * 1000) / 1000;

const runSeed = (seed: number, run: number): number => Math.floor(drawn(seed, run) * 0x7fffffff);

/** Maximum number of lanes that a run can use at once; more slots have no effect. */
const laneCount = ({ symbols, symbolOf }: Graph): number =>
  Math.max(1, symbols.length + symbolOf.reduce((count, symbol) => count + (symbol < 0 ? 1 : 0), 0));

/** Finds the smallest good `maxConcurrent`. Makespans fall with more slots (list-scheduling anomalies are small), so bisection works. */
function smallestByBisection(most: number, makespan: (maxConcurrent: number) => number): number {
  const enough = makespan(most) * GOOD_ENOUGH;
  let tooFew = 0;
  let found = most;
  while (found - tooFew > 1) {
    const middle = (tooFew + found) >> 1;
    if (makespan(middle) <= enough) found = middle;
    else tooFew = middle;
  }
  return found;
}

function smallestOf(concurrents: readonly number[], makespan: (maxConcurrent: number) => number): number {
  const measured = concurrents.map((maxConcurrent) => ({ maxConcurrent, makespanMs: makespan(maxConcurrent) }));
  const enough = Math.min(...measured.map(({ makespanMs }) => makespanMs)) * GOOD_ENOUGH;
  return Math.min(...measured.filter(({ makespanMs }) => makespanMs <= enough).map(({ maxConcurrent }) => maxConcurrent));
}

/** Quantile by linear interpolation between order statistics; 0 for an empty list. */
function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return 0;
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
}
