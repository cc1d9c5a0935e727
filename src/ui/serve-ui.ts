import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyRequest } from 'fastify';
import { chartLibrary } from '../activities/report/chart-library.ts';
import { loadSymbolPage } from '../activities/report/queries/symbol-query.ts';
import type { PredictLab } from '../client.ts';
import { messageOf, PredictLabError } from '../contracts/errors.ts';
import type { Log } from '../contracts/log.ts';
import type { PlannedTask } from '../contracts/run/pipeline-status.ts';
import type { WebUi } from '../contracts/search-attributes.ts';
import { alertDeliveries, listIncidents } from '../incidents/rows/incidents.ts';
import { renderHistoryPage } from '../report/history/history-page.ts';
import { renderPlanPage } from '../report/run/plan-page.ts';
import { renderRunPage } from '../report/run/run-page.ts';
import { renderIncidentsPage } from '../report/site/incidents-page.ts';
import { renderSymbolPage } from '../report/symbol/symbol-page.ts';
import { STAGE_DETAIL_LIMIT } from '../scheduling/run/run-events.ts';
import type { Database } from '../storage/database/database.ts';
import { newestRunWith, type StoredRun } from '../storage/runs/runs.ts';
import type { SentLogs } from '../telemetry/task-log.ts';
import { VERSION } from '../version.ts';
import { type AccessRules, guardRequests } from './access.ts';
import { httpStatusOf, listenOn, NotFound, refuse, sendPage } from './answers.ts';
import { HistoryPages } from './history-pages.ts';
import { InFlight } from './in-flight.ts';
import { WatchedPages, type Watching } from './live/watched-pages.ts';
import { type Acted, RUN_ACTIONS, SCHEDULE_ACTIONS, startRun } from './run/run-actions.ts';
import { RunPages, runAddress } from './run/run-pages.ts';
import { renderDrawer } from './run/task-drawer.ts';
import { addSitePages } from './site-pages.ts';

export interface UiOptions {
  readonly database: Database;
  readonly home: string;
  /** The client of Temporal; `undefined` while Temporal cannot be reached: pages then show what the database knows. */
  readonly lab: () => Promise<PredictLab | undefined>;
  readonly plan: () => Promise<readonly PlannedTask[]>;
  /** Host name or address to listen on. @default "127.0.0.1" */
  readonly host?: string;
  /** Port to listen on; 0 takes a free one. */
  readonly port: number;
  /** The token that allows its holder to act and, if the pages are guarded, to read. @default null: there is no token */
  readonly token?: string | null;
  /** Whether the pages may change anything. @default false */
  readonly control?: boolean;
  /** Whether reading needs the token too. @default false */
  readonly guarded?: boolean;
  readonly temporalUi?: WebUi;
  /** The log files of a run in the artifact store. @default none: only this machine's lines are shown */
  readonly sentLogs?: (runId: string) => SentLogs;
  readonly log: Log;
}

export interface Ui {
  readonly address: string;
  watched(): number;
  /** Refuses new requests and waits for those that are being answered, which still need the database. */
  close(): Promise<void>;
}

type PageRequest = FastifyRequest<{
  Params: { run: string; symbol: string; action: string };
  Querystring: { task?: string | readonly string[] };
}>;

/** Serves the live pages until closed. @throws PredictLabError BadInput when the port is in use */
export async function serveUi(options: UiOptions): Promise<Ui> {
  const { database, home, lab, log, token = null, control = false, host = '127.0.0.1', guarded = false } = options;
  const app = Fastify({ logger: false, bodyLimit: 1024 * 1024, forceCloseConnections: true });
  const rules = (): AccessRules => ({ host, port: (app.server.address() as AddressInfo).port, token, control, guarded });
  const pages = new RunPages(options);
  const inFlight = new InFlight();
  const watched = new WatchedPages({ log, inFlight });
  const history = new HistoryPages(options);
  const follow = async ({ params }: PageRequest): Promise<Watching | undefined> => {
    const run = await foundRun(pages, params.run);
    if (run.status !== null) return undefined;
    // The pause is limited because an answer costs the run's worker only milliseconds: slow reads mean a busy machine.
    return { look: await pages.looker(run), maxPauseMs: run.config.symbols.length <= STAGE_DETAIL_LIMIT ? 250 : 3_000 };
  };
  const followHistory = async (): Promise<Watching> => ({ look: history.looker(), pauseMs: 500, maxPauseMs: 10_000 });
  let closing = false;

  app.addHook('onRoute', (route) => {
    const { handler } = route;
    route.handler = async function (request, reply) {
      return await inFlight.answered(reply.raw, (async () => await handler.call(this, request, reply))());
    };
  });
  // New requests are refused by now; the database is closed next, so requests under way come first.
  app.addHook('preClose', async () => {
    closing = true;
    watched.close();
    await inFlight.settled(CLOSED_WITHIN_MS);
  });
  guardRequests(app, rules);
  app.setErrorHandler(async (error, request, reply) => {
    const status = httpStatusOf(error);
    if (status >= 500 && !closing) log.warn(`${request.method} ${request.url.split('?')[0]}: ${messageOf(error)}`);
    return await refuse(reply, request, { status, message: messageOf(error) });
  });
  app.setNotFoundHandler(
    async (request, reply) =>
      await refuse(reply, request, { status: 404, message: `there is no page ${request.url.split('?')[0].slice(0, 200)} here` }),
  );

  app.get('/', async (_, reply) => await sendPage(reply, renderHistoryPage(await history.load(), { events: '/changes', control })));
  app.get('/changes', async (request) => await watched.changes(request, HISTORY, followHistory));
  app.get('/runs/:run', async (request: PageRequest, reply) => {
    const run = await foundRun(pages, request.params.run);
    const open = run.status === null;
    const address = runAddress(run.runId);
    return await sendPage(
      reply,
      renderRunPage(await pages.load(run), {
        events: open ? `${address}/events` : null,
        task: `${address}/task?task=`,
        control,
      }),
    );
  });
  app.get('/runs/:run/events', async (request: PageRequest) => await watched.changes(request, request.params.run, () => follow(request)));
  app.get('/runs/:run/task', async (request: PageRequest, reply) => {
    const run = await foundRun(pages, request.params.run);
    // A query parameter that is given twice is a list.
    const task = [request.query.task ?? ''].flat()[0];
    const shown = await pages.task(run, task);
    if (shown === undefined) throw new NotFound(`run ${run.runId} has no task ${task.slice(0, 200)}`);
    const drawer = await renderDrawer({ ...options, runId: run.runId, taskId: task, shown, home, lab: await lab() });
    return await sendPage(reply, drawer);
  });
  app.get('/runs/:run/symbols/:symbol', async (request: PageRequest, reply) => {
    const { run, symbol } = request.params;
    // A page that was written as a file has relative links such as `index.html`.
    if (symbol === 'index.html') return await reply.redirect(runAddress(run));
    const filed = await pages.find(run);
    const script = filed === undefined ? undefined : await pages.chartScript(filed, symbol);
    if (script !== undefined) return await reply.type('text/javascript; charset=utf-8').send(script);
    const page = filed === undefined ? undefined : await pages.symbolPage(filed, symbol);
    if (page === undefined)
      throw new NotFound(`run ${run} has no page of ${symbol} on this machine; /symbols/${symbol} shows its present state`);
    return await sendPage(reply, page);
  });
  app.get('/symbols/:symbol', async (request: PageRequest, reply) => {
    const { symbol } = request.params;
    const run = await newestRunWith(database, symbol);
    if (run === undefined) throw new NotFound(`no run has included the symbol ${symbol.slice(0, 200)}`);
    const settings = { ...run.config, asOf: Date.now() };
    const data = await loadSymbolPage(database, { ...run, symbol, settings, newest: true });
    return await sendPage(reply, renderSymbolPage({ ...data, isServed: true }, await chartLibrary(log)));
  });
  addSitePages(app, options);
  app.get('/incidents', async (_, reply) => {
    const incidents = await listIncidents(database, { open: false, limit: MAX_INCIDENTS });
    const deliveries = await alertDeliveries(
      database,
      incidents.map(({ id }) => id),
    );
    const rows = incidents.map((one) => ({ ...one, deliveries: deliveries.get(one.id) ?? [] }));
    return await sendPage(reply, renderIncidentsPage(rows, { now: Date.now(), madeBy: MADE_BY }));
  });
  app.get(
    '/plan',
    async (_, reply) => await sendPage(reply, renderPlanPage(await options.plan(), { now: Date.now(), madeBy: MADE_BY, control })),
  );

  const acting = async (act: (connected: PredictLab) => Promise<Acted>): Promise<Acted> => {
    const connected = await lab();
    if (connected === undefined)
      throw new PredictLabError('SourceUnavailable', 'Temporal cannot be reached; start `predictlab dev`, or set TEMPORAL_ADDRESS');
    return await act(connected);
  };
  app.post('/runs', async (request) => await acting((connected) => startRun(connected, request.body)));
  app.post('/runs/:run/:action', async (request: PageRequest) => {
    const { run, action } = request.params;
    if (!Object.hasOwn(RUN_ACTIONS, action))
      throw new NotFound(`a run has no action ${action.slice(0, 50)}: use ${Object.keys(RUN_ACTIONS).join(', ')}`);
    return await acting((connected) => RUN_ACTIONS[action](connected, database, run, request.body));
  });
  app.post('/schedule/:action', async (request: PageRequest) => {
    const { action } = request.params;
    if (!Object.hasOwn(SCHEDULE_ACTIONS, action))
      throw new NotFound(`the schedule has no action ${action.slice(0, 50)}: use ${Object.keys(SCHEDULE_ACTIONS).join(', ')}`);
    return await acting((connected) => SCHEDULE_ACTIONS[action](connected, request.body));
  });

  await listenOn(app, host, options.port);
  const { port } = app.server.address() as AddressInfo;
  return {
    address: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    watched: () => watched.size,
    close: async () => await app.close(),
  };
}

const MADE_BY = `PredictLab ${VERSION}`;
/** Maximum number of rows of the page of incidents, the newest ones. */
const MAX_INCIDENTS = 500;
/** Key of the page of all runs among the watched pages; no run has this id. */
const HISTORY = '/';
/** Maximum time in milliseconds that closing waits for requests under way, for example for a Temporal that does not answer. */
const CLOSED_WITHIN_MS = 5_000;

async function foundRun(pages: RunPages, id: string): Promise<StoredRun> {
  const run = await pages.find(id);
  if (run === undefined)
    throw new NotFound(`there is no run ${id.slice(0, 200)} that has started; the page of all runs lists those that have`);
  return run;
}
