import type { Command } from 'commander';
import type { PredictLab } from '../../client.ts';
import type { PipelineInput } from '../../contracts/pipeline-input.ts';
import type { RunOrigin } from '../../contracts/run-config.ts';
import { runReportPath } from '../../report/elements/report-path.ts';
import { homeFolder } from '../../set-up/home.ts';
import { addRunOptions, type RunCommandOptions, runInputFrom } from '../options/run-options.ts';
import { ExitError } from '../terminal/exit.ts';
import { showLiveRun } from '../terminal/live-run.ts';
import { note, printJson, printLine } from '../terminal/print.ts';
import { withPredictLab } from '../terminal/session.ts';
import { summaryLines } from '../terminal/summary.ts';
import { exitCodeOf, resultOfEnded } from './run-end.ts';

interface Options extends RunCommandOptions {
  readonly runId?: string;
  readonly detach?: boolean;
  readonly strict?: boolean;
  readonly json?: boolean;
}

export function registerRun(program: Command): void {
  addRunOptions(program.command('run'))
    .summary('start a run, watch it, and see where its report is')
    .description(
      'Starts a run and shows its progress until it ends. Ctrl-C cancels the run and waits for it to wind down; a second Ctrl-C only stops watching.',
    )
    .option('--run-id <id>', 'the id of the run (default: pipeline-<UTC stamp>)')
    .option('--detach', 'start the run and return at once')
    .option('--strict', 'exit with 1 when the run is degraded, too')
    .option('--json', 'print the result as JSON')
    .action(async (options: Options) => {
      const input = await runInputFrom(options);
      await withPredictLab((lab) => startAndFollow(lab, { input, ...options }));
    });
}

interface Following {
  readonly input: PipelineInput;
  readonly runId?: string;
  readonly detach?: boolean;
  /** Degraded counts as failed for the exit code. */
  readonly strict?: boolean;
  readonly json?: boolean;
  readonly start?: RunOrigin;
  /** More for the JSON output. */
  readonly extra?: Record<string, unknown>;
}

/** Starts a run and follows it to its end; `run` and `retry` are both this. */
export async function startAndFollow(
  lab: PredictLab,
  { input, runId: wanted, detach, strict, json, start, extra }: Following,
): Promise<void> {
  const { runId } = await lab.start(input, { ...start, ...(wanted === undefined ? {} : { runId: wanted }) });
  if (detach) {
    if (json) printJson({ runId, ...extra });
    else printLine(`${runId} started; \`predictlab watch ${runId}\` shows it`);
    return;
  }
  await follow(lab, { runId, strict, json, extra, cancelOnInterrupt: true });
}

/** Follows a run to its end and prints its result. */
export async function follow(
  lab: PredictLab,
  {
    runId,
    strict,
    json,
    extra,
    cancelOnInterrupt,
  }: {
    runId: string;
    strict?: boolean;
    json?: boolean;
    extra?: Record<string, unknown>;
    cancelOnInterrupt?: boolean;
    maxConcurrent?: number;
  },
): Promise<void> {
  if (!(await lab.hasWorker())) note(`${runId} waits for a worker: none polls its task queue; start one with \`predictlab worker\``);
  let interrupts = 0;
  const interrupted = new Promise<never>((_, reject) => {
    const onInterrupt = () => {
      interrupts += 1;
      if (cancelOnInterrupt && interrupts === 1) {
        note(`cancelling ${runId}; Ctrl-C again stops watching`);
        lab.cancel(runId).catch((error: unknown) => reject(error instanceof Error ? error : new Error(String(error))));
      } else reject(new ExitError(1, `stopped watching; ${runId} goes on: \`predictlab watch ${runId}\``));
    };
    process.on('SIGINT', onInterrupt).on('SIGTERM', onInterrupt);
  });
  const ended = resultOfEnded(lab, runId);
  ended.catch(() => undefined);
  await Promise.race([showLiveRun(lab, { runId, ended }), interrupted]);
  const result = await Promise.race([ended, interrupted]);
  const report = runReportPath(homeFolder(process.env), runId);
  if (json) printJson({ ...result, report, ...extra });
  else printLine(summaryLines(result, [['report', report]]).join('\n'));
  process.exitCode = exitCodeOf(result, { strict });
}
