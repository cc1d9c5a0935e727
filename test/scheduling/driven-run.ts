import type { PipelineStatus } from '../../src/contracts/run/pipeline-status.ts';
import type { RunConfig } from '../../src/contracts/run/run-config.ts';
import type { TaskReport } from '../../src/contracts/task/stage-report.ts';
import { reduce } from '../../src/scheduling/run/reducer.ts';
import type { LaneEnd, RunCommand, RunEvent } from '../../src/scheduling/run/run-events.ts';
import { createRun, type RunParts, type RunState } from '../../src/scheduling/run/run-state.ts';
import { resultOf, statusOf } from '../../src/scheduling/run/status/status.ts';
import { whyOf } from '../../src/scheduling/run/status/why.ts';
import { graphOfConfig } from './run-config.ts';

export const succeeded = (
  taskId: string,
  given: { at?: number; startedAt?: number; attempts?: number; degraded?: readonly string[] } = {},
): TaskReport => ({
  taskId,
  kind: 'succeeded',
  at: 2_000,
  startedAt: 1_000,
  attempts: 1,
  output: { rows: 1 },
  ...given,
});

export const failed = (taskId: string, message = 'the venue answered 500', attempts = 4): TaskReport => ({
  taskId,
  kind: 'failed',
  at: 2_000,
  startedAt: 1_000,
  attempts,
  error: { type: 'SourceUnavailable', message, stack: 'at the venue' },
});

export const retryLater = (taskId: string, retryAt: number, { attempts = 1, failures = 1 } = {}): TaskReport => ({
  taskId,
  kind: 'retryLater',
  at: 2_000,
  startedAt: 1_000,
  attempts,
  failures,
  retryAt,
  error: { type: 'RateLimited', message: 'polymarket asks to wait' },
});

/** A run whose every event a test writes by hand; commands read like `start BTC collect..kline`. */
export class DrivenRun {
  readonly state: RunState;
  now = 0;
  /** What the last event asked for. */
  commands: readonly RunCommand[] = [];

  constructor(config: RunConfig, options: Partial<RunParts> = {}) {
    this.state = createRun({ graph: graphOfConfig(config, { shared: true }), config, ...options });
  }

  tell(event: RunEvent): string[] {
    this.now = event.at;
    this.commands = reduce(this.state, event);
    return this.commands.map(inWords);
  }

  start(at = 0): string[] {
    return this.tell({ type: 'start', at });
  }

  reports(lane: string, reports: readonly TaskReport[], at = this.now + 1): string[] {
    return this.tell({ type: 'reports', lane, reports, at });
  }

  ends(
    lane: string,
    reports: readonly TaskReport[],
    { end = 'completed', at = this.now + 1 }: { end?: LaneEnd; at?: number } = {},
  ): string[] {
    return this.tell({ type: 'laneEnded', lane, reports, end, at });
  }

  get status(): PipelineStatus {
    return statusOf(this.state, { runId: 'run', now: this.now, detail: 'stage' });
  }

  get result() {
    return resultOf(this.state, { runId: 'run', now: this.now, detail: 'stage' });
  }

  why(taskId: string): string {
    return whyOf(this.state, taskId, this.now);
  }

  is(taskId: string): string {
    return this.status.taskResults[taskId].status;
  }
}

function inWords(command: RunCommand): string {
  switch (command.type) {
    case 'startSymbol': {
      const { symbol, stages } = command;
      return `start ${symbol} ${stages.length === 1 ? stages[0] : `${stages[0]}..${stages[stages.length - 1]}`}`;
    }
    case 'startTask':
      return `start ${[command.taskId, ...(command.following ?? [])].join(' → ')}`;
    case 'yieldLane':
      return `yield ${command.lane}`;
    case 'cancelLane':
      return `cancel ${command.lane}`;
    case 'wakeAt':
      return `wake at ${command.at}`;
    case 'finish':
      return `finish ${command.result}${command.failure === undefined ? '' : ` ${command.failure.type}`}`;
  }
}
