import type { Command } from 'commander';
import type { PipelineInput, RetryInput } from '../../contracts/run/pipeline-input.ts';
import type { PlannedTask } from '../../contracts/run/pipeline-status.ts';
import type { RunConfig } from '../../contracts/run/run-config.ts';
import type { Stage } from '../../contracts/words.ts';
import { type EarlierRun, mermaidOf } from '../../scheduling/graph/plan.ts';
import type { Database } from '../../storage/database/database.ts';
import { reusableEffects } from '../../storage/runs/ledger/ledger.ts';
import { runOf } from '../../storage/runs/runs.ts';
import { addRunOptions, type RunCommandOptions, runInputFrom } from '../options/run-options.ts';
import { inKnownCase } from '../plan/mistaken-input.ts';
import { backtestLines, retriesOf, retryLines } from '../plan/plan-lines.ts';
import { plannedUniverses, universeLines } from '../plan/universe-lines.ts';
import { noRun, printJson, printLine, usageError } from '../terminal/print.ts';
import { lookIntoDatabase, useStoredData } from '../terminal/session.ts';

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
      await lookIntoDatabase(async (database) => {
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
  const stored = await runOf(database, run);
  if (stored === undefined) throw noRun(run);
  const { input, config, runId, executionId } = stored;
  const again: PipelineInput = {
    ...(input as PipelineInput),
    symbols: config.symbols.map(({ symbol }) => symbol),
    asOf: new Date(config.asOf).toISOString(),
  };
  return { input: again, earlier: { runId, succeeded: new Set(await reusableEffects(database, executionId)) } };
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
