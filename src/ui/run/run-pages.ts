import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { listedSymbols, loadRunPage, resultOfLedger, type ShownRun } from '../../activities/report/queries/run-query.ts';
import type { FollowedRun, PredictLab } from '../../client.ts';
import { PredictLabError } from '../../contracts/errors.ts';
import type { PipelineStatus, TaskResult } from '../../contracts/run/pipeline-status.ts';
import type { WebUi } from '../../contracts/search-attributes.ts';
import type { PastAttempt } from '../../contracts/task/stage-report.ts';
import { type FiledRun, reportFolder, symbolPageName } from '../../report/elements/report-path.ts';
import type { RunOnPage, RunPageData } from '../../report/run/run-data.ts';
import { livePartsOf } from '../../report/run/run-page.ts';
import { stagesOfWhole } from '../../report/run/symbol-tasks.ts';
import { STAGE_DETAIL_LIMIT } from '../../scheduling/run/run-events.ts';
import type { Database } from '../../storage/database/database.ts';
import { pastAttempts } from '../../storage/runs/ledger/ledger.ts';
import { ledgerTasks } from '../../storage/runs/run-rows.ts';
import { hasEnded, runOf, type StoredRun } from '../../storage/runs/runs.ts';
import type { LiveLook } from '../live/live-page.ts';
import { lookAtOpenRun, type SeenRun, VisibleStages } from './open-run.ts';

export interface RunSources {
  readonly database: Database;
  /** The client of Temporal; `undefined` while Temporal cannot be reached. */
  readonly lab: () => Promise<PredictLab | undefined>;
  readonly temporalUi?: WebUi;
}

export interface RunPagesOptions extends RunSources {
  readonly home: string;
}

/** Milliseconds within which a worker records a run that Temporal has started. */
const RECORDED_WITHIN_MS = 3_000;
const RECORDED_POLL_MS = 100;
/** Milliseconds that a page waits for the run to answer when it opens; later answers come as changes. */
const PAGE_WITHIN_MS = 2_000;
/** Minimum milliseconds between two queries for the attempts of running tasks: each goes to every open child workflow of the run. */
const ATTEMPTS_EVERY_MS = 1_000;
/** Minimum running time, in milliseconds, of tasks that are queried for retries: before it, retries are too short to show. */
const SURELY_FIRST_MS = 2_000;

/** Milliseconds after which the last status of an open run is out of date. */
const STALE_AFTER_MS = 5_000;

const TIME_CHART_EVERY_MS = 1_000;

export interface TaskInRun {
  readonly status: PipelineStatus;
  readonly task: TaskResult;
  /** The stages of a symbol in a run of more than 50 symbols; empty for other tasks. */
  readonly stages: Readonly<Record<string, TaskResult>>;
  readonly past: readonly PastAttempt[];
  /** The reason why the run did not answer; null if it did, or if it has ended. */
  readonly unanswered: string | null;
}

/** The address of a run's live page. */
export const runAddress = (runId: string): string => `/runs/${encodeURIComponent(runId)}`;

/** The data of a run's page, from the database and, while the run is open, from the run itself. */
export class RunPages {
  readonly #options: RunPagesOptions;

  /** Lookups of runs that are under way, shared by all requests. */
  readonly #lookups = new Map<string, Promise<StoredRun | undefined>>();

  /** The newest data of runs whose pages are open, by execution id. */
  readonly #latest = new Map<string, { readonly at: number; readonly data: RunPageData; readonly unanswered: string | null }>();
  /** The newest answers of symbols' own workflows, by execution id and symbol. */
  readonly #answers = new Map<string, { readonly at: number; readonly stages: Promise<Readonly<Record<string, TaskResult>>> }>();

  constructor(options: RunPagesOptions) {
    this.#options = options;
  }

  /** The run from the database; waits for one that is just starting. @returns `undefined` when there is no such run */
  async find(run: string): Promise<StoredRun | undefined> {
    const known = this.#lookups.get(run);
    if (known !== undefined) return await known;
    const lookup = this.#lookUp(run).finally(() => this.#lookups.delete(run));
    this.#lookups.set(run, lookup);
    return await lookup;
  }

  async #lookUp(run: string): Promise<StoredRun | undefined> {
    const { database, lab } = this.#options;
    const until = Date.now() + RECORDED_WITHIN_MS;
    for (;;) {
      const stored = await runOf(database, run);
      if (stored !== undefined || Date.now() >= until) return stored;
      if ((await (await lab())?.describe(run))?.open !== true) return undefined;
      await wait(RECORDED_POLL_MS);
    }
  }

  /** The page's data now. @param known the status of an open run; by default the run is queried for it */
  async load(run: StoredRun, known?: RunOnPage): Promise<RunPageData> {
    const { database } = this.#options;
    const shown: ShownRun = { ...run, status: run.status ?? known ?? (await this.#openRun(run, { withinMs: PAGE_WITHIN_MS })).status };
    const tasks = await ledgerTasks(database, { executionId: run.executionId, symbols: listedSymbols(shown) });
    return await loadRunPage(database, shown, tasks, {
      symbolHref: (symbol) =>
        this.#hasSymbolPage(run, symbol) ? `${runAddress(run.executionId)}/symbols/${encodeURIComponent(symbol)}` : null,
      runHref: async ({ executionId }) => runAddress(executionId),
      temporalUrl: this.#temporalUrl(run.runId),
    });
  }

  /** Returns a function that looks at an open run: it reads the page's data once and queries the run's status each time. */
  async looker(run: StoredRun): Promise<() => Promise<LiveLook>> {
    const { database } = this.#options;
    const followed = await (await this.#options.lab())?.follow(run.runId);
    for (const [other, { at }] of this.#latest) if (Date.now() - at > STALE_AFTER_MS) this.#latest.delete(other);
    const stages = new VisibleStages(database, run);
    const first = await this.#openRun(run, { following: followed, withinMs: PAGE_WITHIN_MS });
    let data = await this.load(run, first.status);
    let answered = first.unanswered === null ? first.status : undefined;
    let retries: Readonly<Record<string, TaskResult>> = {};
    let queriedAt = 0;
    let time = livePartsOf(data, true).time;
    let drawn = Date.now();
    return async () => {
      // Checked before any query, because a worker would have to replay a closed run's whole history to answer one.
      const stored = (await hasEnded(database, run.executionId)) ? await runOf(database, run.executionId) : undefined;
      if (stored !== undefined) {
        this.#latest.delete(run.executionId);
        data = await this.load(stored);
        return { parts: livePartsOf(data, true), ended: true };
      }
      const { status, unanswered } = await this.#openRun(run, { following: followed });
      if (unanswered !== null) {
        const reasons = answered === undefined ? status.reasons : [`${unanswered}: this is its last known status`];
        data = { ...data, result: { ...(answered ?? status), reasons } };
        this.#latest.set(run.executionId, { at: Date.now(), data, unanswered });
        return { parts: { ...livePartsOf(data, true), ...(answered !== undefined && { time }) }, ended: false, unanswered: true };
      }
      if (status.finishedAt === null && Date.now() - queriedAt >= ATTEMPTS_EVERY_MS) {
        queriedAt = Date.now();
        // Not awaited: querying every open child takes time, and the other changes should not wait for it.
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
   * A task of a run, or a symbol of a large run with its stages, for which the symbol's workflow is queried at most once a second;
   * undefined where the run has no such task.
   */
  async task(run: StoredRun, taskId: string): Promise<TaskInRun | undefined> {
    const { database } = this.#options;
    const watched = run.status === null ? this.#latest.get(run.executionId) : undefined;
    const isFresh = watched !== undefined && Date.now() - watched.at < STALE_AFTER_MS;
    const seen = run.status !== null || isFresh ? undefined : await this.#openRun(run, { withinMs: PAGE_WITHIN_MS });
    const unanswered = seen === undefined ? (watched?.unanswered ?? null) : seen.unanswered;
    // Prefers the run's last answer, which contains more than the database.
    const status = run.status ?? (unanswered === null ? seen?.status : undefined) ?? watched?.data.result ?? seen!.status;
    const attempts = isFresh ? (watched.data.attempts ?? {}) : await pastAttempts(database, run.executionId);
    const own = Object.hasOwn(status.taskResults, taskId) ? status.taskResults[taskId] : undefined;
    const symbol = own === undefined ? taskId.slice(0, Math.max(0, taskId.lastIndexOf('/'))) : taskId;
    const isOfSymbol = run.config.symbols.length > STAGE_DETAIL_LIMIT && run.config.symbols.some((one) => one.symbol === symbol);
    const stages = isOfSymbol ? await this.#stagesOf(run, status, symbol) : {};
    const task = own ?? (Object.hasOwn(stages, taskId) ? stages[taskId] : undefined);
    if (task !== undefined) return { status, task, stages: own === undefined ? {} : stages, past: attempts[taskId] ?? [], unanswered };
    if (unanswered !== null)
      throw new PredictLabError('SourceUnavailable', `${unanswered}; the database has nothing about ${taskId.slice(0, 200)}`);
    return undefined;
  }

  /** A symbol's page as the run's worker wrote it on this machine. */
  async symbolPage(run: FiledRun, symbol: string): Promise<string | undefined> {
    if (!this.#hasSymbolPage(run, symbol)) return undefined;
    return await readFile(this.#symbolFile(run, symbol), 'utf8');
  }

  /** The chart library next to the symbols' pages, if `name` is its file name. */
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
    const answered = whole.status === 'running' ? await this.#answerOf(run, symbol) : {};
    return stagesOfWhole(symbol, whole, { untilStage: run.config.untilStage, known: { ...answered, ...stored } });
  }

  async #answerOf(run: StoredRun, symbol: string): Promise<Readonly<Record<string, TaskResult>>> {
    const key = `${run.executionId} ${symbol}`;
    const before = this.#answers.get(key);
    if (before !== undefined && Date.now() - before.at < ATTEMPTS_EVERY_MS) return await before.stages;
    for (const [other, { at }] of this.#answers) if (Date.now() - at > STALE_AFTER_MS) this.#answers.delete(other);
    const stages = (async () => (await (await this.#options.lab())?.follow(run.runId))?.stagesOf(symbol) ?? {})().catch(() => ({}));
    this.#answers.set(key, { at: Date.now(), stages });
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

  /** Running tasks that are past their first attempt, with the attempt's number, from Temporal. */
  async #retries({ runId, config }: StoredRun, status: PipelineStatus): Promise<Readonly<Record<string, TaskResult>>> {
    const wholes = new Set(config.symbols.length > STAGE_DETAIL_LIMIT ? config.symbols.map(({ symbol }) => symbol) : []);
    const candidates = perhapsRetried(status, wholes);
    if (candidates.length === 0) return {};
    const symbols = new Set(candidates.map((taskId) => taskId.slice(0, taskId.lastIndexOf('/'))));
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

  #hasSymbolPage(run: FiledRun, symbol: string): boolean {
    // A symbol has only these characters; no page exists for any other name.
    return /^[\w.:-]+$/.test(symbol) && existsSync(this.#symbolFile(run, symbol));
  }
}

/** Tasks that have run long enough to be past their first attempt; whole symbols are left out, because they have no attempts to show. */
const perhapsRetried = ({ taskResults, startedAt, durationSeconds }: PipelineStatus, wholes: ReadonlySet<string>): readonly string[] => {
  const now = Date.parse(startedAt) + durationSeconds * 1000;
  return Object.entries(taskResults).flatMap(([taskId, task]) =>
    task.status === 'running' && task.startedAt && now - Date.parse(task.startedAt) > SURELY_FIRST_MS && !wholes.has(taskId)
      ? [taskId]
      : [],
  );
};

/** The retries of tasks that are still open; for ended tasks, the status is newer. */
const stillOpen = (retries: Readonly<Record<string, TaskResult>>, status: PipelineStatus): Record<string, TaskResult> =>
  Object.fromEntries(
    Object.entries(retries).filter(([taskId]) => ['running', 'pending'].includes(status.taskResults[taskId]?.status ?? '')),
  );
