import type { Command } from 'commander';
import ms from 'ms';
import { groupedBy } from '../../contracts/grouped-by.ts';
import { type BacktestSettings, DEFAULT_BACKTEST } from '../../contracts/run/backtest-settings.ts';
import type { PipelineInput, RetryInput, RetryRuleInput } from '../../contracts/run/pipeline-input.ts';
import type { PlannedTask } from '../../contracts/run/pipeline-status.ts';
import type { RetryRule, RunConfig, TaskPolicy } from '../../contracts/run/run-config.ts';
import { ruleFor } from '../../contracts/task/after-failure.ts';
import { DAY_MS, STAGES, type Stage, stageTaskId } from '../../contracts/words.ts';
import { type EarlierRun, mermaidOf } from '../../scheduling/graph/plan.ts';
import type { Database } from '../../storage/database/database.ts';
import { retryOf } from '../../storage/runs/runs.ts';
import { addRunOptions, type RunCommandOptions, runInputFrom } from '../options/run-options.ts';
import { inKnownCase } from '../plan/mistaken-input.ts';
import { plannedUniverses, universeLines } from '../plan/universe-lines.ts';
import { noRun, printJson, printLine, usageError } from '../terminal/print.ts';
import { useStoredData, withExistingDatabase } from '../terminal/session.ts';

interface Options extends RunCommandOptions {
  readonly retry?: string;
  readonly mermaid?: boolean;
  readonly json?: boolean;
}

/** Registers `predictlab plan`. */
export default function register(command: Command): void {
  addRunOptions(command)
    .description('Shows the tasks of a run in execution order: what each waits for, what is reused and why. Runs nothing.')
    .option('--retry <run>', 'plan a retry of this closed run, which reuses the tasks that succeeded')
    .option('--mermaid', 'print the graph as a Mermaid diagram')
    .option('--json', 'print the plan as JSON')
    .action(async (options: Options, command: Command) => {
      const given = await runInputFrom(options);
      if (options.retry !== undefined) refuseOthersWithRetry(command);
      const { retry } = options;
      const { input, earlier } = retry === undefined ? { input: given } : await useStoredData((database) => retried(database, retry));
      await withExistingDatabase(async (database) => {
        // Loaded here: the checks take longer to load than to run.
        const { plannedRun, plannedTasks } = await import('../plan/planned-run.ts');
        const run = await plannedRun(database, await inKnownCase(database, input));
        const { config, graph, universes } = run;
        if (options.mermaid) return printLine(mermaidOf(graph));
        const planned = await plannedUniverses(database, universes, config.asOf);
        const tasks = await plannedTasks(database, run, earlier);
        const retries = retriesOf(config);
        if (options.json)
          printJson({
            ...(planned.length > 0 && { universes: planned }),
            tasks: tasks.map((task) => ({ ...task, retry: retries.get(task.taskId), ...tradingOf(task, config) })),
          });
        else {
          const trades = tasks.some((task) => isBacktest(task) && task.action === 'run') ? backtestLines(config) : [];
          printLine(
            [...planLines(tasks), ...universeLines(planned, config.backtest), ...retryLines(toRun(tasks, retries)), ...trades].join('\n'),
          );
        }
      }, 'the plan uses the shipped catalogue');
    });
}

const isBacktest = ({ taskId }: PlannedTask): boolean => taskId.endsWith(`/${'backtest' satisfies Stage}`);

/** The trading settings and strategies of a backtest task; empty for other tasks. */
const tradingOf = (task: PlannedTask, { backtest, strategies }: RunConfig): Partial<RunConfig> =>
  isBacktest(task) ? { ...(backtest !== undefined && { backtest }), strategies } : {};

/** Options allowed with `--retry`, which plans the unchanged input of its run. */
const WITH_RETRY: ReadonlySet<string> = new Set(['retry', 'mermaid', 'json']);

function refuseOthersWithRetry(command: Command): void {
  const others = command.options.filter((option) => {
    const name = option.attributeName();
    return !WITH_RETRY.has(name) && command.getOptionValueSource(name) === 'cli';
  });
  if (others.length === 0) return;
  const flags = others.map(({ long }) => long).join(', ');
  throw usageError(`--retry plans the unchanged input of the run, which ${flags} would change; leave one of them out`);
}

async function retried(database: Database, run: string): Promise<{ input: PipelineInput; earlier: EarlierRun }> {
  const found = await retryOf(database, run);
  if (found === undefined) throw noRun(run);
  return { input: found.input, earlier: { runId: found.runId, succeeded: new Set(found.reused) } };
}

function toRun(tasks: readonly PlannedTask[], retries: ReadonlyMap<string, RetryInput>): (readonly [string, RetryInput])[] {
  return tasks.flatMap(({ taskId, action }) => {
    const retry = retries.get(taskId);
    return action === 'run' && retry !== undefined ? [[taskId, retry] as const] : [];
  });
}

const MARKS = { run: '○', reuse: '●', skip: '⊘' } as const;

/** A line per task (number, action, id, priority, reason) and a line with the totals. */
export function planLines(tasks: readonly PlannedTask[]): string[] {
  const numbers = String(tasks.length).length;
  const ids = Math.max(0, ...tasks.map(({ taskId }) => taskId.length));
  const lines = tasks.map(({ taskId, action, priority, critical, reason }, index) => {
    const number = String(index + 1).padStart(numbers);
    return `${number}  ${MARKS[action]} ${action.padEnd(5)}  ${taskId.padEnd(ids)}  priority ${priority}${critical ? '  critical' : ''}  ${reason}`;
  });
  const reused = tasks.filter(({ action }) => action === 'reuse').length;
  const count = tasks.length === 1 ? '1 task' : `${tasks.length} tasks`;
  return [...lines, `${count}: ${tasks.length - reused} to run, ${reused} reused`];
}

/** The retry policy of each task by task id, as a run's input would state it, with every field. */
function retriesOf({ symbols, stages, tasks }: RunConfig): ReadonlyMap<string, RetryInput> {
  const retries = new Map<string, RetryInput>();
  for (const stage of STAGES) {
    const retry = policyInput(stages[stage].policy);
    for (const { symbol } of symbols) retries.set(stageTaskId(symbol, stage), retry);
  }
  for (const { taskId, policy } of tasks) retries.set(taskId, policyInput(policy));
  return retries;
}

/** One line for each retry policy in the plan, the most common one first. */
function retryLines(retries: readonly (readonly [taskId: string, retry: RetryInput])[]): string[] {
  const groups = [...groupedBy(retries, ([, retry]) => retrySentence(retry))].sort(([, a], [, b]) => b.length - a.length);
  return groups.map(([sentence, group], index) => `retries${index === 0 ? '' : ` of ${named(group.map(([id]) => id))}`}: ${sentence}`);
}

const NAMED = 4;
const named = (taskIds: readonly string[]): string =>
  taskIds.length > NAMED ? `${taskIds.slice(0, NAMED).join(', ')} and ${taskIds.length - NAMED} more` : taskIds.join(', ');

function policyInput(policy: TaskPolicy): RetryInput {
  const byError = Object.keys(policy.byError ?? {}).map((type) => [type, ruleInput(ruleFor(policy, type) as RetryRule)] as const);
  return { ...ruleInput(policy), ...(byError.length === 0 ? {} : { byError: Object.fromEntries(byError) }) };
}

const ruleInput = ({ maxRetries, retryDelayMs, backoff, maxDelayMs }: RetryRule): Required<RetryRuleInput> => ({
  maxRetries,
  retryDelay: ms(retryDelayMs),
  backoff,
  maxDelay: ms(maxDelayMs),
});

function retrySentence({ byError = {}, ...rule }: RetryInput): string {
  const own = Object.entries(byError).map(([type, one]) => `after ${type} ${ruleSentence(one)}`);
  return [ruleSentence(rule), ...own].join('; ');
}

function ruleSentence({ maxRetries, retryDelay, backoff, maxDelay }: RetryRuleInput): string {
  if (maxRetries === 0) return 'none';
  return `up to ${maxRetries}, ${retryDelay} apart${backoff === 1 || maxRetries === 1 ? '' : `, each wait ×${backoff} up to ${maxDelay}`}`;
}

/** How the run's strategies trade: a line for the run and one for each strategy with settings of its own. */
export function backtestLines({ backtest = DEFAULT_BACKTEST, strategies }: Pick<RunConfig, 'backtest' | 'strategies'>): string[] {
  const own = strategies.flatMap(({ name, backtest: differs }) => (differs === undefined ? [] : [`${name}: ${settingsText(differs)}`]));
  return [`backtest: ${settingsText(backtest)}`, ...own];
}

function settingsText(settings: BacktestSettings): string {
  const { cash, sizing, side, spread, slippageTicks, maxVolumeShare, historyMs, walkForward, topByVolume } = settings;
  return [
    `cash ${cash}`,
    'units' in sizing ? `${sizing.units} units an entry` : `${sizing.fraction * 100}% of the cash an entry`,
    side === 'both' ? 'long and short' : 'long only',
    spread === 'recorded' ? 'half the recorded spread' : `half-spread ${spread}`,
    ...(slippageTicks > 0 ? [`slippage ${slippageTicks} ticks`] : []),
    maxVolumeShare === null ? 'no volume cap' : `at most ${maxVolumeShare * 100}% of a bar's volume`,
    historyMs === null ? 'all stored history' : `the last ${historyMs / DAY_MS} days`,
    ...(walkForward === undefined
      ? []
      : [`walk-forward: ${walkForward.trainMs / DAY_MS} days to train, ${walkForward.testMs / DAY_MS} days to test`]),
    ...(topByVolume === undefined ? [] : [`of each universe the ${topByVolume} markets with the largest volume`]),
  ].join(', ');
}
