import type { StageFunction, StageWork } from '../../src/activities/stages/stage-work.ts';
import type { Json } from '../../src/contracts/run/pipeline-input.ts';
import type { StageInput } from '../../src/contracts/task/stage-report.ts';
import { STAGES, type Stage, stageTaskId } from '../../src/contracts/words.ts';

/** The output of a stage, without its symbol. */
type Counted = { readonly [key: string]: Json | undefined } | undefined | void;

/** The behaviour of a scripted stage in one attempt, counted from 1 per task. */
export type Script = (call: {
  taskId: string;
  symbol: string;
  stage: Stage;
  attempt: number;
  work: StageWork;
}) => Promise<Counted> | Counted;

/**
 * Stages that run only the script of a test: no sources, no rows, but the real runner, ledger and database. Without a script a stage
 * succeeds at once.
 */
export function scriptedStages(script: Script = () => undefined): Record<Stage, StageFunction> {
  const stage: StageFunction = async (input: StageInput, work) => {
    const { symbol, stage } = input;
    const counted = await script({ taskId: stageTaskId(symbol, stage), symbol, stage, attempt: work.attempt, work });
    return await work.commit(async () => ({ output: { symbol, ...counted } as Json }));
  };
  return Object.fromEntries(STAGES.map((name) => [name, stage])) as Record<Stage, StageFunction>;
}

/** A promise and the function that resolves it: tests wait for events, not for durations. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
