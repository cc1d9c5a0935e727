import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { z } from 'zod';
import { badInput, messageOf } from '../../contracts/errors.ts';
import { DAY_MS } from '../../contracts/words.ts';
import { createSources, venueSettings } from '../create-sources.ts';
import type { RunningVenue, Venue } from '../venue.ts';
import { SOURCE_CONTRACT } from './source-contract.ts';

const answerSchema = z.strictObject({
  host: z.string(),
  /** Path and query, without the path of the host's base URL. */
  path: z.string(),
  status: z.int(),
  /** The JSON of the body; a string is sent as it is. */
  body: z.unknown(),
});
type Answer = z.infer<typeof answerSchema>;

/** Schema of a file of recorded answers. A file without `answers` only says what to record. */
export const recordingSchema = z.strictObject({
  venue: z.string().optional(),
  /** Selectors that match two markets or more. */
  selectors: z.array(z.unknown()).min(1),
  /** A selector that matches nothing. */
  unknown: z.record(z.string(), z.unknown()),
  /** Number of days before the recording that the check collects. @default 1 */
  days: z.number().positive().default(1),
  /** Time of the recording. */
  at: z.iso.datetime().optional(),
  answers: z.array(answerSchema).default([]),
});
export type Recording = z.infer<typeof recordingSchema>;

export interface CheckedVenue {
  readonly venue: string;
  readonly ok: boolean;
  readonly rules: readonly { readonly rule: string; readonly ok: boolean; readonly problem: string | null }[];
  /** Requests without a recorded answer; they got a 404. */
  readonly notRecorded: readonly string[];
}

export interface CheckVenueOptions {
  readonly venue: RunningVenue;
  readonly recording: Recording;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The venue's module. An error in it is reported with its line. */
  readonly module?: string;
  /** Whether requests without a recorded answer are sent to the venue itself. */
  readonly records: boolean;
}

/**
 * Checks a venue against the contract of all sources. A server on the loopback address answers its requests from the recording.
 *
 * @returns the report, and the recording with the answers that were requested
 * @throws PredictLabError BadInput for selectors or variables that the venue refuses
 */
export async function checkVenue(options: CheckVenueOptions): Promise<{ readonly report: CheckedVenue; readonly recording: Recording }> {
  const { venue, env, records } = options;
  const selectors = [...options.recording.selectors, options.recording.unknown].map((selector) => readSelector(options, selector));
  const at = records ? Math.floor(Date.now() / 1000) * 1000 : Date.parse(options.recording.at ?? '');
  if (Number.isNaN(at)) throw badInput('the file has no recorded answers yet; record them with --record');
  const answers = new Map((records ? [] : options.recording.answers).map((answer) => [keyOf(answer), answer]));
  const server = await answering({ ...options, at, answers });
  const variables = Object.entries(venue.hosts as Venue['hosts']).map(([host, { variable }]) => [variable, `${server.url}/${host}`]);
  const key = venue.key === undefined ? {} : { [venue.key.variable]: 'recorded-key' };
  // the answers come from this machine, so the venue's rate limit need not apply
  const own = { ...(Object.fromEntries(variables) as Record<string, string>), PREDICTLAB_RATE_SHARE: '1000' };
  const sources = createSources({ env: { ...key, ...env, ...own }, venues: [venue] });
  try {
    const available = sources.byType[venue.name];
    if (available === undefined || 'skipped' in available) throw badInput(available?.skipped ?? 'no source');
    const subject = {
      name: venue.name,
      source: available.source,
      selectors: selectors.slice(0, -1),
      unknown: selectors.at(-1),
      window: { from: at - options.recording.days * DAY_MS, to: at },
      withEmptyAnswers: server.withEmptyAnswers,
    };
    const rules: CheckedVenue['rules'][number][] = [];
    for (const rule of SOURCE_CONTRACT) {
      try {
        await rule.check(subject);
        rules.push({ rule: rule.title, ok: true, problem: null });
      } catch (error) {
        rules.push({ rule: rule.title, ok: false, problem: messageOf(error) + placeIn(options.module, error) });
      }
    }
    const report = { venue: venue.name, ok: rules.every(({ ok }) => ok), rules, notRecorded: [...server.notRecorded] };
    return { report, recording: { ...options.recording, at: new Date(at).toISOString(), answers: [...answers.values()] } };
  } finally {
    await sources.close();
    await server.close();
  }
}

/** Line and column at which a module threw an error, such as ` (toy.mjs:12:5)`; empty when the module is not in the stack trace. */
function placeIn(module: string | undefined, error: unknown): string {
  if (module === undefined || !(error instanceof Error)) return '';
  const name = path.basename(module);
  const [, place] = /:(\d+:\d+)\)?$/.exec((error.stack ?? '').split('\n').find((line) => line.includes(`/${name}:`)) ?? '') ?? [];
  return place === undefined ? '' : ` (${name}:${place})`;
}

function readSelector({ venue }: CheckVenueOptions, selector: unknown): unknown {
  const read = venue.selector.safeParse(selector);
  if (read.success) return read.data;
  throw badInput(`${JSON.stringify(selector)} is not a selector of ${venue.name}; write ${venue.forms}`);
}

const keyOf = ({ host, path }: Pick<Answer, 'host' | 'path'>): string => `${host}${path}`;

/** Maximum time of one request to the venue itself, in milliseconds. */
const REQUEST_MS = 30_000;

/** Starts the server that answers requests from the recording. While recording, it asks the venue for missing answers. */
async function answering(options: CheckVenueOptions & { readonly at: number; readonly answers: Map<string, Answer> }) {
  const { venue, env, records, at, answers } = options;
  const { urls } = venueSettings(venue, env);
  const notRecorded = new Set<string>();
  let isEmpty = false;
  const answerTo = async (target: string, headers: Record<string, string>): Promise<Pick<Answer, 'status' | 'body'>> => {
    if (isEmpty) return { status: 200, body: {} };
    const [, host = '', path = ''] = /^\/([^/]+)(.*)$/.exec(target) ?? [];
    const known = answers.get(keyOf({ host, path }));
    if (known !== undefined) return known;
    if (!records || urls[host] === undefined) {
      notRecorded.add(keyOf({ host, path }));
      return { status: 404, body: { error: 'not recorded' } };
    }
    const response = await fetch(`${urls[host].replace(/\/$/, '')}${path}`, { headers, signal: AbortSignal.timeout(REQUEST_MS) });
    const answer = { host, path, status: response.status, body: bodyOf(await response.text()) };
    // a 429 or 5xx answer is not recorded, because a retry may get another one
    if (answer.status < 500 && answer.status !== 429) answers.set(keyOf(answer), answer);
    return answer;
  };
  const server = createServer((request, response) => {
    const { header = '' } = venue.key ?? {};
    const secret = request.headers[header.toLowerCase()];
    const headers = { accept: 'application/json', ...(typeof secret === 'string' && { [header]: secret }) };
    void answerTo(request.url ?? '/', headers)
      .catch((error: unknown) => ({ status: 503, body: { error: messageOf(error) } }))
      .then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json', date: new Date(at).toUTCString() });
        response.end(typeof body === 'string' ? body : JSON.stringify(body));
      });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    notRecorded,
    withEmptyAnswers: async (work: () => Promise<void>) => {
      isEmpty = true;
      await work().finally(() => {
        isEmpty = false;
      });
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A body as JSON, or as text where JSON would lose something, such as digits of a large number. */
function bodyOf(text: string): unknown {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json !== 'string' && JSON.stringify(json) === text ? json : text;
  } catch {
    return text;
  }
}
