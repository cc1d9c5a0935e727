import { openAsBlob } from 'node:fs';
import type { S3mini } from 's3mini';
import { badInput, messageOf, PredictLabError } from '../../contracts/errors.ts';
import { writeFileAtomically } from '../write/write-output.ts';

/** An S3-compatible bucket, or a prefix in one, with copies of reports, logs and backups. Names are paths such as `logs/runs/x/y.jsonl`. */
export interface ArtifactStore {
  /** Address without credentials, for messages. */
  readonly url: string;
  /** Sends a file, in parts of 8 MiB. */
  put(name: string, file: string): Promise<void>;
  /** Names that start with a prefix, sorted. @param limit maximum number of names that are requested @default all */
  list(prefix: string, limit?: number): Promise<readonly string[]>;
  /** Writes an object to a file. @returns false if the store has no object of that name */
  fetch(name: string, file: string): Promise<boolean>;
  /** The bytes of a small object; undefined if the store has no object of that name. */
  read(name: string): Promise<Buffer | undefined>;
  /** Ends all requests: those under way and later ones fail. */
  close(): void;
}

/** Longest wait for the first byte of an answer to a GET request; it is short because a person may be waiting. */
const ANSWER_MS = 10_000;
/** Longest time to send a part of 8 MiB and receive the answer; it is long enough for a slow line. */
const SENDING_MS = 60_000;

/**
 * The store that ARTIFACTS_URL names (`https://<server>/<bucket>[/<prefix>]`), with the key of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
 * @returns undefined where ARTIFACTS_URL is not set: files then stay in PREDICTLAB_HOME only
 * @throws PredictLabError BadInput when the address or the key is missing or malformed
 */
export function artifactStoreOf(env: NodeJS.ProcessEnv): ArtifactStore | undefined {
  if (!env.ARTIFACTS_URL) return undefined;
  const { endpoint, prefix } = placeOf(env.ARTIFACTS_URL);
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (!accessKeyId || !secretAccessKey)
    throw badInput('ARTIFACTS_URL: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY too, the credentials of that store');
  const url = `${endpoint}/${prefix}`;
  let opened: Promise<S3mini> | undefined;
  const closed = new AbortController();
  const ask = async <T>(request: (bucket: S3mini) => Promise<T>): Promise<T> => {
    // The libraries are loaded at the first request, because most processes never use the store.
    opened ??= Promise.all([import('s3mini'), import('undici')]).then(([{ S3mini }, undici]) => {
      // Node.js's `fetch` would fail: once undici is loaded, it uses undici's agent, which refuses the headers that `fetch` sends.
      const fetch = inTime(undici.fetch as unknown as typeof globalThis.fetch, closed.signal);
      return new S3mini({ accessKeyId, secretAccessKey, endpoint, region: env.AWS_REGION || 'us-east-1', fetch });
    });
    try {
      return await request(await opened);
    } catch (error) {
      if (error instanceof PredictLabError) throw error;
      throw new PredictLabError('SourceUnavailable', `ARTIFACTS_URL: ${url} refused or did not answer: ${reasonOf(error)}`, {
        cause: error,
      });
    }
  };
  return {
    url,
    async put(name, file) {
      const data = await openAsBlob(file);
      await ask((bucket) => bucket.putAnyObject(prefix + name, data, typeOf(name)));
    },
    async list(under, limit) {
      const found = await ask((bucket) => bucket.listObjects('/', prefix + under, limit));
      if (found === null) throw badInput(`ARTIFACTS_URL: there is no bucket at ${endpoint}; create it, or name another one`);
      return found.map(({ Key }) => Key.slice(prefix.length)).sort();
    },
    async fetch(name, file) {
      const answer = await ask((bucket) => bucket.getObjectResponse(prefix + name));
      if (!answer?.body) return false;
      await writeFileAtomically(file, answer.body as AsyncIterable<Uint8Array>, { mode: 0o600 });
      return true;
    },
    async read(name) {
      const bytes = await ask((bucket) => bucket.getObjectArrayBuffer(prefix + name));
      return bytes === null ? undefined : Buffer.from(bytes);
    },
    close: () => closed.abort(new Error('the process ends')),
  };
}

/** The messages of an error and of its cause, because `fetch failed` alone does not name the reason. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : '';
  return cause === '' ? messageOf(error) : `${messageOf(error)}: ${cause}`;
}

function placeOf(text: string): { readonly endpoint: string; readonly prefix: string } {
  const url = URL.canParse(text) ? new URL(text) : null;
  const [bucket, ...prefix] = (url?.pathname ?? '').split('/').filter((part) => part !== '');
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && `${url.username}${url.password}${url.search}${url.hash}` === '';
  if (!isPlain || bucket === undefined)
    throw badInput(
      'ARTIFACTS_URL: write https://<server>/<bucket> or https://<server>/<bucket>/<prefix>, without a key, a query or a fragment',
    );
  return { endpoint: `${url.origin}/${bucket}`, prefix: prefix.map((part) => `${decodeURIComponent(part)}/`).join('') };
}

/** Limits the time that `fetch` may take until the head of the answer. The body of a large backup may take longer. */
const inTime =
  (fetch: typeof globalThis.fetch, closed: AbortSignal): typeof globalThis.fetch =>
  async (input, init) => {
    const late = new AbortController();
    const ms = init?.method === 'GET' ? ANSWER_MS : SENDING_MS;
    const timer = setTimeout(() => late.abort(new Error(`no answer within ${ms / 1000} s`)), ms);
    try {
      return await fetch(input, { ...init, signal: AbortSignal.any([late.signal, closed]) });
    } finally {
      clearTimeout(timer);
    }
  };

const typeOf = (name: string): string => (name.endsWith('.html') ? 'text/html; charset=utf-8' : 'application/octet-stream');

/** Access to the log files of a run in the store. @param folder name of the run's folder */
export function sentLogs(
  store: ArtifactStore,
  folder: string,
): { names(): Promise<readonly string[]>; read(name: string): Promise<Buffer | undefined> } {
  const prefix = `logs/runs/${folder}/`;
  return {
    names: async () => (await store.list(prefix)).map((name) => name.slice(prefix.length)),
    read: (name) => store.read(prefix + name),
  };
}
