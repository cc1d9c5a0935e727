import type { PipelineStatus, TaskResult } from '../../contracts/run/pipeline-status.ts';
import type { RunConfig } from '../../contracts/run/run-config.ts';
import { STAGES, type Stage, stageTaskId } from '../../contracts/words.ts';
import type { State } from '../elements/tip.ts';

export interface SymbolTasks {
  readonly symbol: string;
  /** Tasks by stage; fewer in a run that stops early, none in a run of more than 50 symbols. */
  readonly stages: Readonly<Partial<Record<Stage, TaskResult>>>;
  /** State of the symbol as a whole, if the status names symbols instead of their stages. */
  readonly whole: TaskResult | undefined;
  readonly verdict: State;
}

export interface GroupedTasks {
  readonly symbols: readonly SymbolTasks[];
  readonly custom: readonly { readonly taskId: string; readonly task: TaskResult }[];
}

/**
 * Groups a status's task results into symbols × stages, and custom tasks.
 * @param symbols the run's symbols in order; @default read from the task ids, in order of appearance
 */
export const groupTasks = (status: PipelineStatus, symbols?: readonly string[]): GroupedTasks => {
  const tasks = status.taskResults;
  const names = symbols ?? symbolsOf(tasks);
  const builtIn = new Set<string>();
  const rows = names.map((symbol): SymbolTasks => {
    const stages: Partial<Record<Stage, TaskResult>> = {};
    for (const stage of STAGES) {
      const id = stageTaskId(symbol, stage);
      const task = tasks[id];
      if (task === undefined) continue;
      builtIn.add(id);
      stages[stage] = task;
    }
    const found = Object.values(stages);
    const whole = found.length === 0 && Object.hasOwn(tasks, symbol) ? tasks[symbol] : undefined;
    if (whole !== undefined) builtIn.add(symbol);
    return { symbol, stages, whole, verdict: worstState(whole === undefined ? found : [whole]) };
  });
  const custom = Object.entries(tasks).filter(([id]) => !builtIn.has(id));
  return { symbols: rows, custom: custom.map(([taskId, task]) => ({ taskId, task })) };
};

/** Groups a run's task results by the symbols of its config. */
export const groupRun = (status: PipelineStatus, config: Pick<RunConfig, 'symbols'> | null): GroupedTasks => {
  const symbols = config?.symbols.map(({ symbol }) => symbol);
  return groupTasks(status, symbols);
};

const symbolsOf = (tasks: Readonly<Record<string, TaskResult>>): string[] => {
  const found = new Set<string>();
  for (const id of Object.keys(tasks)) {
    const slash = id.lastIndexOf('/');
    if (slash > 0 && (STAGES as readonly string[]).includes(id.slice(slash + 1))) found.add(id.slice(0, slash));
  }
  return [...found];
};

/** The state that matters most in a set of tasks. */
export const worstState = (tasks: readonly TaskResult[]): State => {
  const has = (state: string): boolean => tasks.some((task) => task.status === state);
  if (has('failed')) return 'failed';
  if (has('cancelled')) return 'cancelled';
  if (has('running')) return 'running';
  if (has('pending') || tasks.length === 0) return has('success') ? 'running' : 'pending';
  if (has('skipped')) return 'skipped';
  return tasks.some((task) => (task.degraded?.length ?? 0) > 0) ? 'degraded' : 'success';
};

/**
 * The stages of a symbol whose run reports only the symbol as a whole, by task id: the known stages, then the current one in the state of
 * the whole, then the rest.
 * @param known stages whose state is known, from the ledger or the symbol's own workflow
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
    // The first stage without a known state is the current one; a symbol that succeeded has none.
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
