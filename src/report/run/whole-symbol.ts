import type { TaskResult } from '../../contracts/run/pipeline-status.ts';
import { STAGES, type Stage, stageTaskId } from '../../contracts/words.ts';

/**
 * The stages of a symbol whose run reports only the symbol as a whole, by task id: first the stages that are known, then the current stage
 * in the state of the whole, then the stages after it.
 *
 * @param known stages whose state is known, by task id: from the ledger, or from the symbol's own workflow
 */
export const stagesOfWhole = (
  symbol: string,
  whole: TaskResult,
  { untilStage, known }: { readonly untilStage: Stage; readonly known: Readonly<Record<string, TaskResult>> },
): Readonly<Record<string, TaskResult>> => {
  const stages: Record<string, TaskResult> = {};
  let at: string | undefined;
  for (const stage of STAGES.slice(0, STAGES.indexOf(untilStage) + 1)) {
    const id = stageTaskId(symbol, stage);
    const own = Object.hasOwn(known, id) ? known[id] : undefined;
    // the first stage without effect is the current one; a symbol that succeeded has none
    if (own !== undefined && (own.status === 'success' || at === undefined)) stages[id] = own;
    else if (at === undefined && whole.status !== 'success') stages[id] = { status: whole.status, ...reasonOf(whole) };
    else stages[id] = at === undefined ? { status: 'success' } : behind(whole, at);
    if (at === undefined && stages[id].status !== 'success') at = id;
  }
  return stages;
};

const reasonOf = ({ error, skippedBecause }: TaskResult): Partial<TaskResult> => ({
  ...(error === undefined ? {} : { error }),
  ...(skippedBecause === undefined ? {} : { skippedBecause }),
});

const behind = ({ status, skippedBecause }: TaskResult, at: string): TaskResult => {
  if (status === 'failed') return { status: 'skipped', skippedBecause: at };
  if (status === 'skipped') return { status, ...(skippedBecause === undefined ? {} : { skippedBecause }) };
  return { status: status === 'cancelled' ? 'cancelled' : 'pending' };
};
