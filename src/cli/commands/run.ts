import { type Command, Option } from 'commander';
import type { PredictLab, RunName } from '../../client.ts';
import { exclusiveRefusal } from '../../contracts/run/exclusive-refusal.ts';
import type { PipelineInput } from '../../contracts/run/pipeline-input.ts';
import type { RunOrigin } from '../../contracts/run/run-config.ts';
import { checkedId } from '../../contracts/text/checked-id.ts';
import { homeFolder } from '../../processes/home-folder.ts';
import { SIGNAL_EXIT_CODES } from '../../set-up/processes/stop-signal.ts';
import { addRunOptions, type RunCommandOptions, runInputFrom } from '../options/run-options.ts';
import { otherDatabase, refuseMistakes } from '../plan/mistaken-input.ts';
import { usedId } from '../records/find-run.ts';
import { exitCodeOf, filledIn, reportPlace, resultOfEnded } from '../run/ended-run.ts';
import { LiveRun } from '../terminal/live-run.ts';
import { ExitError, note, printAnswer, printJson, printLine, usageError } from '../terminal/print.ts';
import { summaryLines } from '../terminal/run-lines.ts';
import { withPredictLab } from '../terminal/session.ts';

/** How a run is followed, and what is printed at its end. */
interface Following {
  readonly json?: boolean;
  /** Whether a degraded run counts as failed in the exit code. */
  readonly strict?: boolean;
  /** Whether the server stops with this command, as that of `demo` does. @default false */
  readonly endsWithServer?: boolean;
  /** More fields for the JSON output. */
  readonly extra?: Record<string, unknown>;
}

interface Starting extends Following {
  readonly runId?: string;
  readonly detach?: boolean;
  /** Whether to start only when no other run is open. */
  readonly exclusive?: boolean;
  readonly start?: RunOrigin;
}

/** Registers `predictlab run`. */
export default function register(command: Command): void {
  addRunOptions(command)
    .description(
      'Starts a run and shows its progress until it ends. Ctrl-C cancels the run and waits for its end; a second Ctrl-C only stops watching.',
    )
    .option('--run-id <id>', 'the id of the run (default: pipeline-<UTC stamp>)')
    .option('--detach', 'start the run and return at once')
    .option('--exclusive', 'start only when no other run is open; otherwise name the open run')
    .option('--strict', 'exit with code 1 also when the run is degraded')
    .option('--json', 'print the result as JSON')
    .addOption(new Option('--ends-with-server').hideHelp())
    .action(async (options: RunCommandOptions & Starting) => {
      const input = await runInputFrom(options);
      if (options.runId !== undefined) checkedId('run', options.runId);
      await withPredictLab((lab) => startAndFollow(lab, input, options));
    });
}

/** Starts a run and follows it to its end, for `run` and `retry`. */
export async function startAndFollow(lab: PredictLab, given: PipelineInput, options: Starting): Promise<void> {
  const { runId: wanted, detach, exclusive = false, start, json, extra } = options;
  if (exclusive) await refuseWhileOpen(lab);
  const elsewhere = await otherDatabase(lab, process.env);
  if (elsewhere !== undefined) note(elsewhere);
  const input = elsewhere === undefined ? await refuseMistakes(given) : given;
  const usedBefore = wanted === undefined ? undefined : await usedId(lab, wanted);
  // The run itself checks `exclusive` again, since another run may start at the same instant.
  const named = { ...(wanted !== undefined && { runId: wanted }), ...(exclusive && { exclusive }) };
  const { runId } = await lab.start(input, { ...start, ...named });
  if (usedBefore !== undefined) note(usedBefore);
  if (!detach) return await follow(lab, runId, { ...options, runId, cancelOnInterrupt: true });
  if (exclusive) await untilStarted(lab, runId);
  printAnswer(json, { runId, ...extra }, `${runId} started; \`predictlab watch ${runId}\` shows it`);
}

interface Followed extends Following {
  readonly runId: string;
  /** Whether the first signal cancels the run and only the second one ends this command. @default false: the first one ends it */
  readonly cancelOnInterrupt?: boolean;
}

/**
 * Follows a run to its end and prints its result.
 * @param run as the user named it; a Temporal run id means that execution
 * @throws ExitError 130 or 143 when a signal ended the watching; the terminal is restored first
 */
export async function follow(lab: PredictLab, run: RunName, { runId, strict, json, extra, ...options }: Followed): Promise<void> {
  const nobody = await lab.missingWorker();
  if (nobody !== undefined) note(`${runId} waits: ${nobody}`);
  const ended = resultOfEnded(lab, run);
  // awaited below; until then an early failure must not count as unhandled
  ended.catch(() => undefined);
  const stop = new AbortController();
  const screen = new LiveRun(lab, { runId, run, ended, stop: stop.signal });
  let cancelling = false;
  const onSignal = (signal: 'SIGINT' | 'SIGTERM'): void => {
    if (options.cancelOnInterrupt && !cancelling) {
      cancelling = true;
      screen.say(`cancelling ${runId}; Ctrl-C again stops watching`);
      lab.cancel(run).catch((error: unknown) => stop.abort(error));
      return;
    }
    const said = options.endsWithServer
      ? `${runId} ends with the server it runs on`
      : `stopped watching; ${runId} continues: \`predictlab watch ${runId}\``;
    stop.abort(new ExitError(SIGNAL_EXIT_CODES[signal], said));
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    await screen.show();
    stop.signal.throwIfAborted();
    const result = await ended;
    const report = await reportPlace(homeFolder(process.env), lab, run);
    if (json) printJson({ ...(await filledIn(result)), report, ...extra });
    else printLine(summaryLines(result, [['report', report]]).join('\n'));
    process.exitCode = exitCodeOf(result, { strict });
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

/** Refuses to start while another run is open. @throws ExitError 2 that names the open runs */
async function refuseWhileOpen(lab: PredictLab): Promise<void> {
  const listed = (await lab.recentRuns(1)).filter(({ ended }) => ended === 'open');
  // The list shows a run as open for some moments after its end.
  const known = await Promise.all(listed.map(({ runId }) => lab.describe(runId)));
  const open = listed.filter((_, n) => known[n]?.open === true).map(({ runId }) => runId);
  if (open.length > 0) throw usageError(exclusiveRefusal(open));
}

const START_POLL_MS = 100;

/** Waits until a run has started, or no worker answers. @throws ExitError 2 when it was refused because another run is open */
async function untilStarted(lab: PredictLab, runId: string): Promise<void> {
  for (;;) {
    const known = await lab.describe(runId);
    if (known?.open !== true) return void (await resultOfEnded(lab, runId));
    const status = await lab.status(runId).catch(() => undefined);
    if (status === undefined || status.totalTasks > 0) return;
    await new Promise((resolve) => setTimeout(resolve, START_POLL_MS));
  }
}
