import type { PastError } from '../errors.ts';
import type { CustomTaskCall, EarlierAttempts, StageCall, SymbolPipelineInput } from '../task/stage-report.ts';
import { STAGES, type Stage } from '../words.ts';
import type { TaskPolicy } from './run-config.ts';

/**
 * Payloads as they were written before they became references. Runs that were open while the worker was replaced, and the
 * histories recorded then, still hold them; here they become what is written now. Whatever is new passes through.
 *
 * Goes with version 0.3.0, together with test/replay/histories-inline: a run lasts hours, and no run that 0.1.0 began before
 * payloads were references is open two minor versions later.
 */

interface InlineEarlier {
  readonly earlierAttempts: number;
  readonly earlierFailures: number;
  readonly earlierError?: PastError;
}

type InlineTaskCall = Omit<CustomTaskCall, 'earlier'> & InlineEarlier;

interface InlineStageCall {
  readonly context: InlineTaskCall;
  readonly symbol: string;
}

interface InlineSymbolInput extends InlineEarlier {
  readonly runId: string;
  readonly executionId: string;
  readonly symbol: string;
  readonly stages: readonly { readonly stage: Stage; readonly policy: TaskPolicy }[];
  readonly signalStages: readonly Stage[];
}

/** The call of a custom task, whichever way it was written. */
export function readCustomTaskCall(given: CustomTaskCall | InlineTaskCall): CustomTaskCall {
  if (!('earlierAttempts' in given)) return given;
  const { runId, executionId, taskId, policy } = given;
  return { runId, executionId, taskId, policy, earlier: earlierOf(given) };
}

/** The call of a stage, whichever way it was written. */
export function readStageCall(given: StageCall | InlineStageCall): StageCall {
  if (!('context' in given)) return given;
  const { runId, executionId, policy, earlier } = readCustomTaskCall(given.context);
  return { runId, executionId, symbol: given.symbol, policy, earlier };
}

/** The input of a symbol's workflow, whichever way it was written. */
export function readSymbolInput(given: SymbolPipelineInput | InlineSymbolInput): SymbolPipelineInput {
  if (!('earlierAttempts' in given)) return given;
  const { runId, executionId, symbol, signalStages } = given;
  const stages = STAGES.filter((stage) => given.stages.some((one) => one.stage === stage));
  const policies = Object.fromEntries(given.stages.map(({ stage, policy }) => [stage, policy]));
  return { runId, executionId, symbol, stages, policies, earlier: earlierOf(given), signalStages };
}

function earlierOf({
  earlierAttempts: attempts,
  earlierFailures: failures,
  earlierError: error,
}: InlineEarlier): EarlierAttempts | undefined {
  return attempts === 0 && failures === 0 ? undefined : { attempts, failures, error };
}
