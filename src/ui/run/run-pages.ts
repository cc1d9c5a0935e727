import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { listedSymbols, loadRunPage, resultOfLedger, type ShownRun } from '../../activities/report/queries/run-query.ts';
import type { FollowedRun, PredictLab } from '../../client.ts';
import { PredictLabError } from '../../contracts/errors.ts';
import type { PipelineStatus, TaskResult } from '../../contracts/run/pipeline-status.ts';
import type { WebUi } from '../../contracts/search-attributes.ts';
import type { PastAttempt } from '../../contracts/task/past-attempt.ts';
import { type FiledRun, reportFolder, symbolPageName } from '../../report/elements/report-path.ts';
import type { RunOnPage, RunPageData } from '../../report/run/run-data.ts';
import { livePartsOf } from '../../report/run/run-page.ts';
import { stagesOfWhole } from '../../report/run/whole-symbol.ts';
import { STAGE_DETAIL_LIMIT } from '../../scheduling/run/run-events.ts';
import type { Database } from '../../storage/database/database.ts';
import { pastAttempts } from '../../storage/runs/ledger/task-attempts.ts';
import { ledgerTasks } from '../../storage/runs/run-rows.ts';
import { hasEnded, runOf, type StoredRun } from '../../storage/runs/runs.ts';
import type { LiveLook } from '../live/live-page.ts';
import { lookAtOpenRun, type SeenRun } from './open-run.ts';
import { VisibleStages } from './visible-stages.ts';

/** Where pages over runs look. */
export interface RunSources {
  readonly database: Database;
  /** `undefined` while Temporal cannot be reached. */
  readonly lab: () => Promise<PredictLab | undefined>;
  readonly temporalUi?: WebUi;
}

export interface RunPagesOptions extends RunSources {
  readonly home: string;
}

/** A run that Temporal has is in the database this soon, once a worker has taken it up; one that no worker takes up is not. */
const BEGINS_WITHIN_MS = 3_000;
const BEGINS_EVERY_MS = 100;
/** Who opens a page waits no longer for the run to answer; who watches is told when it does. */
const PAGE_WITHIN_MS = 2_000;
/** Attempts under way are asked for so often: each asks every open child of the run. */
const ATTEMPTS_EVERY_MS = 1_000;
/** A task that runs for less is at its first attempt, or one of many quick ones. */
const SURELY_FIRST_MS = 2_000;

/** What was shown of an open run says no more what it is after so long. */
const STALE_AFTER_MS = 5_000;

/** The time chart grows with every moment; so often it is drawn anew. */
const TIME_CHART_EVERY_MS = 1_000;

/** A task as its drawer shows it. */
export interface TaskInRun {
  readonly status: PipelineStatus;
  readonly task: TaskResult;
  /** Of a symbol of a run of more than 50: its stages. */
  readonly stages: Readonly<Record<string, TaskResult>>;
  /** Attempts that failed. */
  readonly past: readonly PastAttempt[];
  /** Why the run itself was not asked; null: it was, or has ended. */
  readonly unanswered: string | null;
}

/** Where the live page of a run is. */
export const runAddress = (runId: string): string => `/runs/${encodeURIComponent(runId)}`;

/** What a run's page shows, from the database and, while it is open, from the run itself. */
export class RunPages {
  readonly #options: RunPagesOptions;

  /** Looked for now, once for all who ask. */
  readonly #sought = new Map<string, Promise<StoredRun | undefined>>();

  /** What was shown last of runs that are watched, by execution. */
  readonly #latest = new Map<string, { readonly at: number; readonly data: RunPageData; readonly unanswered: string | null }>();
  /** What symbols' own workflows said last, by execution and symbol. */
  readonly #told = new Map<string, { readonly at: number; readonly stages: Promise<Readonly<Record<string, TaskResult>>> }>();

  constructor(options: RunPagesOptions) {
    this.#options = options;
  }

  /** The run as the database has it; one that is just beginning is waited for. @returns `undefined` when there is none of that name */
  async find(run: string): Promise<StoredRun | undefined> {
    const known = this.#sought.get(run);
    if (known !== undefined) return await known;
    const seeking = this.#seek(run).finally(() => this.#sought.delete(run));
    this.#sought.set(run, seeking);
    return await seeking;
  }

  async #seek(run: string): Promise<StoredRun | undefined> {
    const { database, lab } = this.#options;
    const until = Date.now() + BEGINS_WITHIN_MS;
    for (;;) {
      const stored = await runOf(database, run);
      if (stored !== undefined || Date.now() >= until) return stored;
      if ((await (await lab())?.describe(run))?.open !== true) return undefined;
      await wait(BEGINS_EVERY_MS);
    }
  }

  /** The page's data; of an open run as it stands now. */
  async load(run: StoredRun, followed?: FollowedRun): Promise<RunPageData> {
    const { database } = this.#options;
    const shown: ShownRun = {
      ...run,
      status: run.status ?? (await this.#openRun(run, { following: followed, withinMs: PAGE_WITHIN_MS })).status,
    };
    const tasks = await ledgerTasks(database, { executionId: run.executionId, symbols: listedSymbols(shown) });
    const pages = new Set<string>();
    await Promise.all(
      shown.config.symbols.slice(0, 300).map(async ({ symbol }) => {
        if (await this.#hasSymbolPage(run, symbol)) pages.add(symbol);
      }),
    );
    return await loadRunPage(database, shown, tasks, {
      symbolHref: (symbol) => (pages.has(symbol) ? `${runAddress(run.executionId)}/symbols/${encodeURIComponent(symbol)}` : null),
      runHref: async ({ executionId }) => runAddress(executionId),
      temporalUrl: this.#temporalUrl(run.runId),
    });
  }

  /** Looks at an open run again and again: the page's data is read once, what changes is asked for each time. */
  async looker(run: StoredRun): Promise<() => Promise<LiveLook>> {
    const { database } = this.#options;
    const followed = await (await this.#options.lab())?.follow(run.runId);
    for (const [other, { at }] of this.#latest) if (Date.now() - at > STALE_AFTER_MS) this.#latest.delete(other);
    const stages = new VisibleStages(database, run);
    let data = await this.load(run, followed);
    let answered: RunOnPage | undefined;
    let retries: Readonly<Record<string, TaskResult>> = {};
    let asked = 0;
    let time = livePartsOf(data, true).time;
    let drawn = Date.now();
    return async () => {
      // asked first: a closed run is out of its worker's memory, which would go through its whole history to answer
      const stored = (await hasEnded(database, run.executionId)) ? await runOf(database, run.executionId) : undefined;
      if (stored !== undefined) {
        this.#latest.delete(run.executionId);
        data = await this.load(stored);
        return { parts: livePartsOf(data, true), ended: true };
      }
      const { status, unanswered } = await this.#openRun(run, { following: followed });
      if (unanswered !== null) {
        const reasons = answered === undefined ? status.reasons : [`${unanswered}: this is how it stood when it answered last`];
        data = { ...data, result: { ...(answered ?? status), reasons } };
        this.#latest.set(run.executionId, { at: Date.now(), data, unanswered });
        return { parts: { ...livePartsOf(data, true), ...(answered !== undefined && { time }) }, ended: false, unanswered: true };
      }
      if (status.finishedAt === null && Date.now() - asked >= ATTEMPTS_EVERY_MS) {
        asked = Date.now();
        // asking every open child takes its time: what has changed is not held back for it
        void this.#retries(run, status).then(
          (found) => void (retries = found),
          () => undefined,
        );
        if (Object.values(status.taskResults).some((task) => (task.attempts ?? 1) > 1) || Object.keys(retries).length > 0)
          void pastAttempts(database, run.executionId).then(
            (attempts) => void (data = { ...data, attempts }),
            () => undefined,
          );
      }
      const result = await stages.shown(status);
      answered = result;
      data = { ...data, result: { ...result, taskResults: { ...result.taskResults, ...stillOpen(retries, result) } } };
      this.#latest.set(run.executionId, { at: Date.now(), data, unanswered });
      const parts = livePartsOf(data, true);
      if (Date.now() - drawn >= TIME_CHART_EVERY_MS) {
        drawn = Date.now();
        time = parts.time;
      }
      return { parts: { ...parts, time }, ended: false };
    };
  }

  /**
   * A task of a run as it stands, or a symbol of a large one with its stages; undefined where the run has none of that name. Of a symbol
   * that runs in a large run its own workflow is asked, once a second for all who look.
   */
  async task(run: StoredRun, taskId: string): Promise<TaskInRun | undefined> {
    const { database } = this.#options;
    const watched = run.status === null ? this.#latest.get(run.executionId) : undefined;
    const isFresh = watched !== undefined && Date.now() - watched.at < STALE_AFTER_MS;
    const seen = run.status !== null || isFresh ? undefined : await this.#openRun(run, { withinMs: PAGE_WITHIN_MS });
    const unanswered = seen === undefined ? (watched?.unanswered ?? null) : seen.unanswered;
    // what it said last is more than what the database knows
    const status = run.status ?? (unanswered === null ? seen?.status : undefined) ?? watched?.data.result ?? seen!.status;
    const attempts = isFresh ? (watched.data.attempts ?? {}) : await pastAttempts(database, run.executionId);
    const own = Object.hasOwn(status.taskResults, taskId) ? status.taskResults[taskId] : undefined;
    const symbol = own === undefined ? taskId.slice(0, Math.max(0, taskId.lastIndexOf('/'))) : taskId;
    const isOfSymbol = run.config.symbols.length > STAGE_DETAIL_LIMIT && run.config.symbols.some((one) => one.symbol === symbol);
    const stages = isOfSymbol ? await this.#stagesOf(run, status, symbol) : {};
    const task = own ?? (Object.hasOwn(stages, taskId) ? stages[taskId] : undefined);
    if (task !== undefined) return { status, task, stages: own === undefined ? {} : stages, past: attempts[taskId] ?? [], unanswered };
    if (unanswered !== null)
      throw new PredictLabError('SourceUnavailable', `${unanswered}; the database knows nothing of ${taskId.slice(0, 200)}`);
    return undefined;
  }

  /** The file of a symbol's page that the run's worker wrote here. */
  async symbolPage(run: FiledRun, symbol: string): Promise<string | undefined> {
    if (!(await this.#hasSymbolPage(run, symbol))) return undefined;
    return await readFile(this.#symbolFile(run, symbol), 'utf8');
  }

  /** The charts' script beside the symbols' pages, when that is what `name` names. */
  async chartScript(run: FiledRun, name: string): Promise<string | undefined> {
    if (!/^charts-[0-9a-f]+\.js$/.test(name)) return undefined;
    return await readFile(path.join(reportFolder(this.#options.home, run), name), 'utf8').catch(() => undefined);
  }

  async #stagesOf(run: StoredRun, status: PipelineStatus, symbol: string): Promise<Readonly<Record<string, TaskResult>>> {
    const { database } = this.#options;
    const whole = Object.hasOwn(status.taskResults, symbol) ? status.taskResults[symbol] : undefined;
    if (whole === undefined) return Object.fromEntries(Object.entries(status.taskResults).filter(([id]) => id.startsWith(`${symbol}/`)));
    const tasks = await ledgerTasks(database, { executionId: run.executionId, symbols: [symbol] });
    const stored = Object.fromEntries(tasks.map((task) => [task.taskId, resultOfLedger(task)]));
    const told = whole.status === 'running' ? await this.#toldBy(run, symbol) : {};
    return stagesOfWhole(symbol, whole, { untilStage: run.config.untilStage, known: { ...told, ...stored } });
  }

  async #toldBy(run: StoredRun, symbol: string): Promise<Readonly<Record<string, TaskResult>>> {
    const key = `${run.executionId} ${symbol}`;
    const before = this.#told.get(key);
    if (before !== undefined && Date.now() - before.at < ATTEMPTS_EVERY_MS) return await before.stages;
    for (const [other, { at }] of this.#told) if (Date.now() - at > STALE_AFTER_MS) this.#told.delete(other);
    const stages = (async () => (await (await this.#options.lab())?.follow(run.runId))?.stagesOf(symbol) ?? {})().catch(() => ({}));
    this.#told.set(key, { at: Date.now(), stages });
    return await stages;
  }

  #temporalUrl(runId: string): string | null {
    const { temporalUi } = this.#options;
    return temporalUi === undefined ? null : `${temporalUi.workflows}/${encodeURIComponent(runId)}`;
  }

  async #openRun(run: StoredRun, { following, withinMs }: { following?: FollowedRun; withinMs?: number } = {}): Promise<SeenRun> {
    const followed = following ?? (await (await this.#options.lab())?.follow(run.runId));
    return await lookAtOpenRun(this.#options.database, run, { followed, withinMs });
  }

  /** Running tasks with the attempt they are at and how the last one failed, as Temporal knows it. */
  async #retries({ runId, config }: StoredRun, status: PipelineStatus): Promise<Readonly<Record<string, TaskResult>>> {
    const wholes = new Set(config.symbols.length > STAGE_DETAIL_LIMIT ? config.symbols.map(({ symbol }) => symbol) : []);
    const asked = perhapsTriedAgain(status, wholes);
    if (asked.length === 0) return {};
    const symbols = new Set(asked.map((taskId) => taskId.slice(0, taskId.lastIndexOf('/'))));
    const attempts = await (await this.#options.lab())?.attempts(runId, symbols);
    return Object.fromEntries(
      [...(attempts ?? [])].flatMap(([taskId, { attempt }]) => {
        const task = status.taskResults[taskId];
        return task === undefined || attempt < 2 ? [] : [[taskId, { ...task, attempts: attempt }]];
      }),
    );
  }

  #symbolFile(run: FiledRun, symbol: string): string {
    return path.join(reportFolder(this.#options.home, run), symbolPageName(symbol));
  }

  async #hasSymbolPage(run: FiledRun, symbol: string): Promise<boolean> {
    // a symbol is a plain name; anything else is no page of ours
    if (!/^[\w.:-]+$/.test(symbol)) return false;
    return await access(this.#symbolFile(run, symbol)).then(
      () => true,
      () => false,
    );
  }
}

/** The tasks that have run for so long that they may be at another attempt; not symbols as a whole, which have no attempts to show. */
const perhapsTriedAgain = ({ taskResults, startedAt, durationSeconds }: PipelineStatus, wholes: ReadonlySet<string>): readonly string[] => {
  const now = Date.parse(startedAt) + durationSeconds * 1000;
  return Object.entries(taskResults).flatMap(([taskId, task]) =>
    task.status === 'running' && task.startedAt && now - Date.parse(task.startedAt) > SURELY_FIRST_MS && !wholes.has(taskId)
      ? [taskId]
      : [],
  );
};

/** Only for tasks that are still under way: what ended meanwhile is known better. */
const stillOpen = (retries: Readonly<Record<string, TaskResult>>, status: PipelineStatus): Record<string, TaskResult> =>
  Object.fromEntries(
    Object.entries(retries).filter(([taskId]) => ['running', 'pending'].includes(status.taskResults[taskId]?.status ?? '')),
  );
