import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import { messageOf } from '../../contracts/errors.ts';
import { appendClause, didYouMean } from '../../contracts/text/nearest-name.ts';
import { oneLine } from '../../contracts/text/plain-text.ts';
import { STAGES, stageTaskId } from '../../contracts/words.ts';
import { artifactStoreOf, sentLogs } from '../../files/store/artifact-store.ts';
import { homeFolder } from '../../processes/home-folder.ts';
import { reportFolderName, taskLogFolder } from '../../report/elements/report-path.ts';
import { hasDatabase } from '../../storage/embedded/resolve-database.ts';
import { runOf, type StoredRun } from '../../storage/runs/runs.ts';
import { type LogPosition, readTaskLog, type SentLogs, type TaskLogLine } from '../../telemetry/task-log.ts';
import { noRun, note, printJsonLine, printLine, usageError } from '../terminal/print.ts';
import { nothingStored, queryIfStored, withPredictLab } from '../terminal/session.ts';

/** Milliseconds between two reads of the log of a run that is followed. */
const FOLLOW_MS = 250;

interface Options {
  readonly follow?: boolean;
  readonly json?: boolean;
}

/** Registers `predictlab logs`. */
export default function register(command: Command): void {
  command
    .description(
      'Prints the log lines of a run’s tasks, oldest first, as stored by workers of this PREDICTLAB_HOME, and of other machines where ARTIFACTS_URL is set: starts and ends of attempts, errors with their waits, and the messages of custom tasks. ' +
        'Name a task as in `status`: BTC_PRICE/collect, or BTC_PRICE for all its stages.',
    )
    .option('--follow', 'follow the log until the run has ended')
    .option('--json', 'print one JSON object per line')
    .action(logs);
}

async function logs(run: string, task: string | undefined, { follow = false, json = false }: Options): Promise<void> {
  const stored = await queryIfStored((database) => runOf(database, run));
  const runId = stored?.runId;
  if (stored !== undefined && task !== undefined) checkTask(stored, task);
  const folder = taskLogFolder(homeFolder(process.env), runId ?? run);
  const about = (line: TaskLogLine): boolean => task === undefined || line.taskId === task || line.taskId.startsWith(`${task}/`);
  const store = artifactStoreOf(process.env);
  const others = store && sentLogs(store, reportFolderName(runId ?? run));
  let position: LogPosition = new Map();
  const printNew = async (sent?: SentLogs): Promise<number> => {
    const read = await readTaskLog(folder, position, sent);
    position = read.position;
    const lines = read.lines.filter(about);
    for (const line of lines) {
      if (json) printJsonLine(line);
      else printLine(textOf(line));
    }
    return lines.length;
  };
  const printAll = (): Promise<number> =>
    printNew(others).catch((error: unknown) => {
      note(`${messageOf(error)}; only the lines of this machine are printed`);
      return printNew();
    });
  const printed = await printAll();
  if (runId === undefined && printed === 0 && !hasDatabase(process.env)) throw usageError(nothingStored(process.env));
  if (runId === undefined && printed === 0) throw noRun(run);
  if (follow) return await followToEnd(runId ?? run, printNew, printAll);
  if (printed > 0) return;
  note(
    `there are no log lines of ${oneLine(task ?? run)} here: a worker on another machine ran it, its lines were pruned, or it has not started`,
  );
}

/** Refuses a task that the run does not have. @throws ExitError 2 that suggests the nearest task */
function checkTask({ runId, config }: StoredRun, task: string): void {
  const stages = STAGES.slice(0, STAGES.indexOf(config.untilStage) + 1);
  const known = config.symbols.flatMap(({ symbol }) => [symbol, ...stages.map((stage) => stageTaskId(symbol, stage))]);
  for (const { taskId } of config.tasks) known.push(taskId);
  if (!known.includes(task))
    throw usageError(appendClause(`${runId} has no task ${task}${didYouMean(task, known)}`, `\`predictlab status ${runId}\` lists them`));
}

async function followToEnd(runId: string, printNew: () => Promise<unknown>, printAll: () => Promise<unknown>): Promise<void> {
  await withPredictLab(async (lab) => {
    while ((await lab.describe(runId))?.open === true) {
      await wait(FOLLOW_MS);
      await printNew();
    }
  });
  // Waits once more: log lines are written a moment after their task ends.
  await wait(FOLLOW_MS);
  await printAll();
}

/** A log line as text: `08:00:01.250Z warn  BTC_PRICE/collect 2: …`, then the other fields. */
function textOf({ time, level, taskId, attempt, message, runId: _, ...more }: TaskLogLine): string {
  const fields = Object.entries(more).map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return oneLine(`${time.slice(11)} ${level.padEnd(5)} ${taskId} ${attempt}: ${[message, ...fields].join('  ')}`);
}
