import type { TaskReport } from '../../src/contracts/task/stage-report.ts';
import { stageTaskId } from '../../src/contracts/words.ts';
import type { LaneEnd, LaneEndedEvent, RunCommand, RunEvent } from '../../src/scheduling/run/run-events.ts';

export type Random = () => number;

/** mulberry32: a small seeded generator of numbers in [0, 1). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A lane as Temporal would run it: it starts, works, is requested to yield or cancelled, and ends in one of all the ways there are. */
export interface SimulatedLane {
  readonly id: string;
  readonly tasks: readonly string[];
  readonly signalled: ReadonlySet<string>;
  readonly reports: TaskReport[];
  position: number;
  begun: boolean;
  attempts: number;
  failures: number;
  startedAt: number;
  yieldAsked: boolean;
  cancelAsked: boolean;
}

export function openedLane(command: Extract<RunCommand, { type: 'startSymbol' | 'startTask' }>): SimulatedLane {
  const isSymbol = command.type === 'startSymbol';
  return {
    id: isSymbol ? command.symbol : command.taskId,
    tasks: isSymbol ? command.stages.map((stage) => stageTaskId(command.symbol, stage)) : [command.taskId, ...(command.following ?? [])],
    signalled: new Set(isSymbol ? command.signalStages.map((stage) => stageTaskId(command.symbol, stage)) : []),
    reports: [],
    position: 0,
    begun: false,
    attempts: command.earlierAttempts,
    failures: command.earlierFailures,
    startedAt: 0,
    yieldAsked: false,
    cancelAsked: false,
  };
}

/** How likely things go wrong, each in [0, 1]. */
export interface Troubles {
  readonly failure: number;
  readonly retryLater: number;
  readonly lostLane: number;
}

/** One step of a lane; the events that the parent workflow would see. */
export function stepLane(lane: SimulatedLane, { at, random, troubles }: { at: number; random: Random; troubles: Troubles }): RunEvent[] {
  const taskId = lane.tasks[lane.position];
  const ended = (end: LaneEnd, reports: readonly TaskReport[] = lane.reports): LaneEndedEvent => ({
    type: 'laneEnded',
    lane: lane.id,
    reports: [...reports],
    end,
    at,
  });
  const dice = random();
  if (dice < troubles.lostLane) {
    const error = { type: 'Terminated', message: `${lane.id} was terminated` };
    if (!lane.begun && lane.position === 0) return [{ ...ended('not-started', []), error }];
    return [{ ...ended('terminated', []), error }];
  }
  if (lane.cancelAsked && random() < 0.7) {
    if (!lane.begun) return [ended('cancelled')];
    const cancelled: TaskReport = { taskId, kind: 'cancelled', at, startedAt: lane.startedAt, attempts: lane.attempts };
    lane.reports[lane.reports.length - 1] = cancelled;
    // A child that closes as Canceled returns nothing: it may have reported to its parent before, or not.
    return random() < 0.5
      ? [{ type: 'reports', lane: lane.id, reports: [...lane.reports], at }, ended('cancelled', [])]
      : [ended('cancelled')];
  }
  if (!lane.begun) {
    if (lane.yieldAsked) return [ended('yielded')];
    Object.assign(lane, { begun: true, startedAt: at, attempts: lane.attempts + 1 });
    const started: TaskReport = { taskId, kind: 'started', at };
    lane.reports.push(started);
    return random() < 0.3 ? [{ type: 'reports', lane: lane.id, reports: [started], at }] : [];
  }
  const times = { taskId, at, startedAt: lane.startedAt, attempts: lane.attempts };
  const error = { type: 'SourceUnavailable', message: `${taskId} met a 503`, stack: 'at test' };
  const trouble = random();
  if (trouble < troubles.failure) {
    lane.reports[lane.reports.length - 1] = { ...times, kind: 'failed', error };
    return [ended('completed')];
  }
  if (trouble < troubles.failure + troubles.retryLater) {
    lane.reports[lane.reports.length - 1] = {
      ...times,
      kind: 'retryLater',
      failures: lane.failures + 1,
      retryAt: at + 1 + Math.floor(random() * 400),
      error,
    };
    return [ended('completed')];
  }
  const degraded = random() < 0.1 ? { degraded: ['PREDICT_API_KEY is not set'] } : {};
  const succeeded: TaskReport = { ...times, kind: 'succeeded', output: { rows: Math.floor(random() * 9) }, ...degraded };
  lane.reports[lane.reports.length - 1] = succeeded;
  lane.position++;
  Object.assign(lane, { begun: false, attempts: 0, failures: 0 });
  if (lane.position === lane.tasks.length) return [ended('completed')];
  if (lane.yieldAsked) return [ended('yielded')];
  if (!lane.signalled.has(taskId) || random() < 0.05) return [];
  return [{ type: 'reports', lane: lane.id, reports: random() < 0.5 ? [succeeded] : [...lane.reports], at }];
}
