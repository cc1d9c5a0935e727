import type { PipelineResult } from '../contracts/run/pipeline-status.ts';
import type { PrepareInput } from '../contracts/run/run-config.ts';
import type { CustomTaskCall, SharedOutcome, StageCall, StageOutcome } from '../contracts/task/stage-report.ts';
import type { Stage } from '../contracts/words.ts';
import type { PackedPrepared, UniversesToExpand } from '../scheduling/payload/pack-prepared.ts';

export type StageActivities = Record<Stage, (call: StageCall) => Promise<StageOutcome>>;

/** Signature of a custom task's Temporal activity: the task's own input, then the call that names its task and run. */
export type CustomActivity = (input: unknown, call: CustomTaskCall) => Promise<SharedOutcome>;

export interface FinishInput {
  readonly runId: string;
  readonly executionId: string;
  readonly result: PipelineResult;
  readonly customTasks: readonly string[];
  /** Whether to delete the run's staged rows, because a critical task failed and no stage will store them. */
  readonly discardStaging: boolean;
}

/** The universes to list at the start of a run. */
export interface ExpandCall {
  readonly universes: readonly string[];
  /** UTC epoch milliseconds. */
  readonly asOf: number;
}

/** Result of listing the markets of a universe. */
export interface ExpandedUniverse {
  readonly universe: string;
  readonly members: number;
  readonly shards: number;
  readonly added: number;
  readonly ended: number;
  readonly requests: number;
  readonly problems: readonly string[];
}

export interface RunActivities {
  preparePipeline(input: PrepareInput): Promise<PackedPrepared | UniversesToExpand>;
  expandUniverses(call: ExpandCall): Promise<readonly ExpandedUniverse[]>;
  /** Returns the path of the run's page on the worker's machine. */
  finishPipeline(input: FinishInput): Promise<{ readonly report: string }>;
}
