import { ScheduleNotFoundError } from '@temporalio/client';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { loadEventPage, loadTwinPairs } from '../activities/report/queries/event-query.ts';
import { loadSymbolIndex } from '../activities/report/queries/history-query.ts';
import { loadResearchPage } from '../activities/report/queries/research-query.ts';
import type { PredictLab } from '../client.ts';
import { messageOf, PredictLabError } from '../contracts/errors.ts';
import type { ScheduleView } from '../contracts/run/schedule-view.ts';
import { renderResearchPage } from '../report/research/research-page.ts';
import { eventAddress, renderEventPage, renderEventsPage } from '../report/site/event-page.ts';
import { eventTitle } from '../report/site/event-prices.ts';
import { renderSchedulePage, type ScheduleOnPage } from '../report/site/schedule-page.ts';
import { type FoundPage, findCommands, MAX_FOUND } from '../report/site/site-page.ts';
import { renderSymbolsPage } from '../report/site/symbols-page.ts';
import { redactInput } from '../secrets/redact-input.ts';
import { secretsOf } from '../secrets/secrets.ts';
import type { Database } from '../storage/database/database.ts';
import { findSymbols } from '../storage/markets/catalogue.ts';
import { eventHeads, findEvents } from '../storage/markets/instruments.ts';
import { findMembers } from '../storage/markets/universes.ts';
import { findRunIds } from '../storage/runs/run-history.ts';
import { VERSION } from '../version.ts';
import { NotFound, sendPage } from './answers.ts';
import { runAddress } from './run/run-pages.ts';

interface SitePages {
  readonly database: Database;
  /** The client of Temporal; `undefined` while Temporal cannot be reached. */
  readonly lab: () => Promise<PredictLab | undefined>;
  /** Whether the pages may change anything. @default false */
  readonly control?: boolean;
}

type FindRequest = FastifyRequest<{ Querystring: { text?: string | readonly string[] } }>;

/** Adds the pages that belong to no single run: the index of symbols, the schedule, and the answers of the search field. */
export function addSitePages(app: FastifyInstance, { database, lab, control = false }: SitePages): void {
  const madeBy = `PredictLab ${VERSION}`;
  app.get('/symbols', async (_, reply) => {
    const now = Date.now();
    return await sendPage(reply, renderSymbolsPage(await loadSymbolIndex(database, now), { now, madeBy }));
  });
  app.get('/events', async (_, reply) => {
    const now = Date.now();
    const [events, twins] = await Promise.all([eventHeads(database, { now, limit: MAX_EVENTS }), loadTwinPairs(database, now)]);
    return await sendPage(reply, renderEventsPage(events, { now, twins, madeBy }));
  });
  app.get('/events/:event', async (request: FastifyRequest<{ Params: { event: string } }>, reply) => {
    const { event } = request.params;
    const data = await loadEventPage(database, event, Date.now());
    if (data === undefined)
      throw new NotFound(`no run has found a market of the event ${event.slice(0, 200)}; /events lists those that have markets`);
    return await sendPage(reply, renderEventPage(data));
  });
  app.get('/research', async (request: FastifyRequest<{ Querystring: Record<string, string | readonly string[]> }>, reply) => {
    const { query } = request;
    const text = (name: string): string | undefined => [query[name] ?? []].flat()[0]?.slice(0, MAX_TEXT);
    const id = (name: string): number | undefined => (/^\d{1,15}$/.test(text(name) ?? '') ? Number(text(name)) : undefined);
    const choice = { symbol: text('symbol'), strategy: text('strategy'), trial: id('trial'), a: id('a'), b: id('b') };
    return await sendPage(reply, renderResearchPage(await loadResearchPage(database, choice, Date.now())));
  });
  app.get('/schedule', async (_, reply) => {
    const connected = await lab();
    const schedule =
      connected === undefined
        ? 'Temporal cannot be reached; start predictlab dev, or set TEMPORAL_ADDRESS.'
        : await connected.schedules.show().then(withoutSecrets, noSchedule);
    return await sendPage(reply, renderSchedulePage(schedule, { now: Date.now(), madeBy, control }));
  });
  app.get('/find', async (request: FindRequest) => {
    // A query parameter that is given twice is a list.
    const text = [request.query.text ?? ''].flat()[0].slice(0, MAX_TEXT);
    const commands = findCommands(text);
    if (text === '') return commands.slice(0, MAX_FOUND);
    const [symbols, events, runs, members] = await Promise.all([
      findSymbols(database, text, MAX_FOUND),
      findEvents(database, text, MAX_FOUND),
      findRunIds(database, text, MAX_FOUND),
      findMembers(database, text, MAX_FOUND),
    ]);
    const kinds: readonly (readonly FoundPage[])[] = [
      symbols.map(({ symbol, title }) => ({ kind: 'symbol', name: symbol, href: `/symbols/${encodeURIComponent(symbol)}`, about: title })),
      runs.map(({ runId, result }) => ({ kind: 'run', name: runId, href: runAddress(runId), about: result ?? 'running' })),
      members
        .filter(({ event, instrument }) => event !== instrument)
        .map(({ instrument, event, title }) => ({ kind: 'market', name: title, href: eventAddress(event), about: instrument })),
      events.map(({ event, titles }) => ({ kind: 'event', name: eventTitle(event, titles), href: eventAddress(event), about: event })),
      commands,
    ];
    // the first result of each kind, then the second of each, until the list is full
    const inTurn = Array.from({ length: MAX_FOUND }, (_, place) => kinds.flatMap((found) => found.slice(place, place + 1))).flat();
    const shown = new Set(inTurn.slice(0, MAX_FOUND));
    return kinds.flatMap((found) => found.filter((one) => shown.has(one)));
  });
}

const MAX_TEXT = 200;
const MAX_EVENTS = 1_000;

/** The schedule with its input's secrets hidden: they may have been written inline. */
const withoutSecrets = (schedule: ScheduleView): ScheduleOnPage => ({
  ...schedule,
  input: secretsOf(process.env).json(redactInput(schedule.input)),
});

/** The sentence for the page when the schedule cannot be read; `null` when there is none. */
const noSchedule = (error: unknown): string | null =>
  error instanceof PredictLabError && error.cause instanceof ScheduleNotFoundError ? null : messageOf(error);
