import type { Command } from 'commander';
import { checkSchedule } from '../../client/schedules/check-schedule.ts';
import { DEFAULT_SCHEDULE } from '../../client/schedules/schedule-options.ts';
import type { PredictLab } from '../../client.ts';
import type { TimeRange } from '../../contracts/market-data.ts';
import type { PipelineInput } from '../../contracts/run/pipeline-input.ts';
import type { ScheduleView } from '../../contracts/run/schedule-view.ts';
import { oneLine } from '../../contracts/text/plain-text.ts';
import { DAY_MS } from '../../contracts/words.ts';
import { INPUT_DEFAULTS } from '../../input/resolve-config.ts';
import { redactInput } from '../../secrets/redact-input.ts';
import { secretsOf } from '../../secrets/secrets.ts';
import { listSymbols } from '../../storage/markets/catalogue.ts';
import { successfulIntervals } from '../../storage/runs/ledger/ledger.ts';
import { recordDeleting, removeDeleting } from '../../storage/watch/watch-state.ts';
import { numberOption, takesTime } from '../options/parsers.ts';
import { addRunOptions, type RunCommandOptions, runInputFrom } from '../options/run-options.ts';
import { inKnownCase } from '../plan/mistaken-input.ts';
import { printAnswer, printJson, printLine, usageError } from '../terminal/print.ts';
import { useDatabase, withExistingDatabase, withPredictLab } from '../terminal/session.ts';

interface Options extends RunCommandOptions {
  readonly id: string;
  readonly cron?: string;
  readonly timeZone?: string;
  readonly catchupWindow?: string;
  readonly jitter?: string;
  readonly note?: string;
  readonly pauseOnFailure?: string | boolean;
  readonly json?: boolean;
}

/** Registers `predictlab schedule`. */
export default function register(schedule: Command): void {
  schedule.description(
    `Manages runs that start on a schedule: by default at "${DEFAULT_SCHEDULE.cron}" UTC, one at a time; a time missed by more than a minute is skipped.`,
  );

  for (const verb of ['create', 'update'] as const) {
    // `create` updates the given fields of a schedule that exists.
    const otherwise = (value: string): string =>
      verb === 'create' ? `default: ${value}, or the present value of an existing schedule` : 'default: the present value';
    const summary = verb === 'create' ? 'create the schedule, or update it when it exists' : 'change the given fields and keep the others';
    addRunOptions(scheduleCommand(schedule, verb, summary))
      .description(
        `${summary}. Without --symbols each run takes every symbol that is enabled at its start. ` +
          'The whole input is checked first, like `plan`, with the DATABASE_URL and PREDICTLAB_PLUGINS of this command, and refused when anything is wrong.',
      )
      .option('--cron <fields>', `five cron fields (${otherwise(`"${DEFAULT_SCHEDULE.cron}"`)})`)
      .option('--time-zone <name>', `IANA time zone of the cron fields (${otherwise('UTC')})`)
      .option('--catchup-window <duration>', `how late a missed run may start, at least 10s (${otherwise('1m')})`)
      .option('--jitter <duration>', `delay each firing by a random part of this, up to 1d (${otherwise('none')})`)
      .option('--note <text>', 'a note for people, which `show` prints')
      .option('--pause-on-failure [times]', 'pause the schedule after this many failed runs in a row, up to 10 (without a number: one)')
      .option('--no-pause-on-failure', `never pause after failed runs (${otherwise('this')})`)
      .action(async (options: Options) => {
        const input = await runInputFrom(options);
        const pauseOnFailure = failuresOf(options.pauseOnFailure);
        checkSchedule({ scheduleId: options.id, ...options, pauseOnFailure, input });
        const { id: scheduleId, cron, timeZone, catchupWindow, jitter, note, file } = options;
        const given = Object.keys(input).length === 0 ? undefined : input;
        // A file replaces the whole input, an option changes one field.
        const settings = { scheduleId, cron, timeZone, catchupWindow, jitter, note, pauseOnFailure, replaceInput: file !== undefined };
        await withExistingDatabase(async (database) => {
          // A wrong input is refused now, not hours later in a run that nobody watches.
          const { plannedRun } = await import('../plan/planned-run.ts');
          const known = given && (await inKnownCase(database, given));
          const checked = { ...settings, input: known, check: (whole: PipelineInput) => plannedRun(database, whole) };
          await withPredictLab(async (lab) => {
            const done = verb === 'create' ? await lab.schedules.create(checked) : await lab.schedules.update(checked);
            await show(lab, options, `schedule ${options.id} ${done ?? 'updated'}`);
          });
        });
      });
  }

  scheduleCommand(schedule, 'show', 'show its input, its next runs and the results of the last ones').action(async (options: Options) => {
    await withPredictLab((lab) => show(lab, options));
  });
  scheduleCommand(schedule, 'pause', 'start no runs until `resume`')
    .option('--note <text>', 'the reason, which `show` prints')
    .action(async ({ id, note, json }: Options) => {
      await withPredictLab((lab) => lab.schedules.pause(id, note));
      printAnswer(json, { scheduleId: id }, `schedule ${id} is paused`);
    });
  simple(schedule, 'resume', 'start runs again', (lab, id) => lab.schedules.resume(id), 'is active');
  scheduleCommand(schedule, 'trigger', 'start a run now, unless one is open').action(async ({ id, json }: Options) => {
    const { started, open } = await withPredictLab((lab) => lab.schedules.trigger(id));
    const said =
      started === null
        ? `nothing: ${open.join(', ') || 'a run'} is open, and its runs do not overlap`
        : `${started}; \`predictlab watch ${started}\` shows it`;
    printAnswer(json, { scheduleId: id, started, open }, `schedule ${id} started ${said}`);
  });
  simple(schedule, 'delete', 'delete the schedule; open runs continue', deleteOnPurpose, 'is deleted');
  scheduleCommand(schedule, 'backfill', 'run every time of the schedule in a range, each as of its time, one after another')
    .addOption(takesTime('--from <time>', 'first instant, ISO 8601').makeOptionMandatory())
    .addOption(takesTime('--to <time>', 'last instant, ISO 8601').makeOptionMandatory())
    .option('--only-missing', 'skip times whose interval a successful run has covered since; newest first')
    .option('--dry-run', 'only print the times that would run')
    .addHelpText(
      'after',
      '\nThe runs of a backfill go one after another, and their tasks have a lower priority than those of current runs.',
    )
    .action(backfill);
}

/** Maximum number of firing times that Temporal lists at once; it omits further ones silently. */
const MAX_FIRINGS = 1_000;

interface BackfillOptions extends Options {
  readonly from: number;
  readonly to: number;
  readonly onlyMissing?: boolean;
  readonly dryRun?: boolean;
}

async function backfill({ id, from, to, onlyMissing = false, dryRun = false, json }: BackfillOptions): Promise<void> {
  const range = { from: new Date(from), to: new Date(to) };
  const iso = (time: Date): string => time.toISOString();
  if (from > to) throw usageError(`--from ${iso(range.from)} is after --to ${iso(range.to)}; write the earlier time as --from`);
  if (to > Date.now()) throw usageError(`--to ${iso(range.to)} is in the future; a backfill runs what is past`);
  await withPredictLab(async (lab) => {
    const firings = await lab.schedules.firings(id, range);
    if (firings.length >= MAX_FIRINGS)
      throw usageError(
        `schedule ${id} has ${MAX_FIRINGS} times or more between ${iso(range.from)} and ${iso(range.to)}, and Temporal lists no more at once; backfill in parts`,
      );
    const good = onlyMissing ? await alreadyGood(lab, id, firings) : new Set<number>();
    const left = firings.filter((time) => !good.has(time.getTime()));
    if (onlyMissing) left.reverse();
    if (!dryRun) await lab.schedules.backfill(id, left);
    const skipped = firings.filter((time) => good.has(time.getTime()));
    if (json) {
      const request = { scheduleId: id, from: iso(range.from), to: iso(range.to) };
      return printJson({ ...request, dryRun, firings: left.map(iso), skipped: skipped.map(iso) });
    }
    if (firings.length === 0) return printLine(`schedule ${id} has no time between ${iso(range.from)} and ${iso(range.to)}`);
    if (dryRun) for (const time of left) printLine(iso(time));
    const rest = skipped.length === 0 ? '' : `, ${skipped.length} already succeeded`;
    if (dryRun) return printLine(`${left.length} of ${firings.length} times would run${rest}; nothing was started: this was a dry run`);
    printLine(`schedule ${id} is backfilled: ${left.length} runs, one after another${rest}; \`predictlab runs\` shows them`);
  });
}

/** The firing times that need no run, because the interval since the previous firing is already covered by successful runs. */
async function alreadyGood(lab: PredictLab, id: string, firings: readonly Date[]): Promise<ReadonlySet<number>> {
  if (firings.length === 0) return new Set();
  const { input } = await lab.schedules.show(id);
  const intervals = intervalsOf(firings, input.daysBack ?? INPUT_DEFAULTS.daysBack);
  return await useDatabase(async (database) => {
    const symbols = input.symbols ?? (await listSymbols(database)).filter(({ enabled }) => enabled).map(({ symbol }) => symbol);
    const good = await successfulIntervals(database, { symbols, intervals });
    return new Set(intervals.filter((_, i) => good[i]).map(({ to }) => to));
  });
}

const scheduleCommand = (schedule: Command, verb: string, summary: string): Command =>
  schedule
    .command(verb)
    .summary(summary)
    .option('--id <schedule>', 'the schedule', DEFAULT_SCHEDULE.scheduleId)
    .option('--json', 'print JSON');

type ScheduleRequest = (lab: PredictLab, id: string) => Promise<void>;

function simple(schedule: Command, verb: string, summary: string, request: ScheduleRequest, said: string): void {
  scheduleCommand(schedule, verb, summary).action(async ({ id, json }: Options) => {
    await withPredictLab((lab) => request(lab, id));
    printAnswer(json, { scheduleId: id }, `schedule ${id} ${said}`);
  });
}

/** Deletes a schedule and records that this was on purpose: workers open an incident for other schedules that disappear. */
async function deleteOnPurpose(lab: PredictLab, id: string): Promise<void> {
  await withExistingDatabase(async (database) => {
    if (database !== undefined) await recordDeleting(database, id);
    try {
      await lab.schedules.delete(id);
    } catch (error) {
      if (database !== undefined) await removeDeleting(database, id);
      throw error;
    }
  });
}

async function show(lab: PredictLab, { id, json }: Options, headline?: string): Promise<void> {
  const found: ScheduleView = await lab.schedules.show(id);
  const view = { ...found, input: secretsOf(process.env).json(redactInput(found.input)) };
  if (json) return printJson(view);
  if (headline !== undefined) printLine(headline);
  printLine(
    `${view.scheduleId}  ${view.cron} ${view.timeZone}${view.paused ? '  paused' : ''}  overlap ${view.overlap}, catch-up window ${view.catchupWindow}`,
  );
  if (view.note !== null) printLine(`note   ${oneLine(view.note)}`);
  if (view.jitter !== null) printLine(`jitter up to ${view.jitter}`);
  if (view.pauseOnFailure > 0)
    printLine(`pauses after ${view.pauseOnFailure === 1 ? 'a failed run' : `${view.pauseOnFailure} failed runs in a row`}`);
  printLine(`input  ${JSON.stringify(view.input)}`);
  for (const time of view.nextRuns.slice(0, 3)) printLine(`next   ${time}`);
  for (const { runId, result } of view.lastRuns) printLine(`last   ${oneLine(runId)}  ${result}`);
}

/** The number of failed runs from `--pause-on-failure`, with or without a number, or `--no-pause-on-failure`. */
function failuresOf(given: string | boolean | undefined): number | undefined {
  if (typeof given === 'string') return numberOption('--pause-on-failure', given, { least: 1, most: 10, integer: true });
  return given === undefined ? undefined : Number(given);
}

/**
 * The interval that each firing of a schedule covers: from the previous firing, but at most the window that its run collects. The first
 * interval is as long as the second.
 * @param firings oldest first
 * @param daysBack length of the window of one run, in days
 */
export function intervalsOf(firings: readonly Date[], daysBack: number): readonly TimeRange[] {
  const times = firings.map((time) => time.getTime());
  const step = times.length > 1 ? times[1] - times[0] : DAY_MS;
  return times.map((to, i) => ({ from: Math.max(i === 0 ? to - step : times[i - 1], to - daysBack * DAY_MS), to }));
}
