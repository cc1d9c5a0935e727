import type { RunConfig } from '../../contracts/run/run-config.ts';
import type { EarlierAttempts, SymbolPipelineInput } from '../../contracts/task/stage-report.ts';
import { unlessDefault } from '../../contracts/task/task-policy.ts';
import type { Stage } from '../../contracts/words.ts';
import type { RunCommand } from '../../scheduling/run/run-events.ts';

/** Attempts, failures and time that the first task of a new lane used in earlier lanes; undefined if it has not run yet. */
export function earlierOf({
  earlierAttempts: attempts,
  earlierFailures: failures,
  earlierSpent: spent,
  earlierError: error,
}: Extract<RunCommand, { type: 'startSymbol' | 'startTask' }>): EarlierAttempts | undefined {
  return attempts === 0 ? undefined : { attempts, failures, ...(spent === undefined ? {} : { spent }), error };
}

/** The policies of the stages whose policy is not the default. */
export function policiesOf({ stages: configs }: RunConfig, stages: readonly Stage[]): SymbolPipelineInput['policies'] {
  const own = stages.flatMap((stage) => {
    const { policy } = unlessDefault(configs[stage].policy, stage);
    return policy === undefined ? [] : [[stage, policy] as const];
  });
  return own.length === 0 ? undefined : Object.fromEntries(own);
}
