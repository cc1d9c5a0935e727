import { badInput, PredictLabError, unusable } from '../../contracts/errors.ts';
import { lastTrouble, logOfSocket } from '../embedded/postgres-log.ts';
import { addressOf, isSocket } from './database-url.ts';

const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EACCES',
]);

/** Advice to try again, for errors that may occur in a run (which retries its tasks) or in a command (which does not). */
const AGAIN = 'a task of a run is retried by itself; start any other command again';

/** SQLSTATEs, or classes of them, with which the server refuses to work for this process, and what to do about each. */
const REFUSALS: readonly (readonly [state: RegExp, advice: string])[] = [
  [/^42501$/, 'give the user of DATABASE_URL the rights that docs/deployment.md names, or name its owner'],
  [/^3F000$/, 'make a schema for the user of DATABASE_URL (create schema … authorization …), or set its search_path'],
  [/^08P01$/, 'let the pooler in between pass it (ignore_startup_parameters of PgBouncer), or go to the server itself'],
  [
    /^(26000|42P05)$/,
    'a pooler in between loses prepared statements: use its session mode, or PgBouncer 1.21 or newer with max_prepared_statements',
  ],
  [/^25006$/, 'it only reads: name the primary server in DATABASE_URL'],
  [/^58/, 'its disk or file system fails: see its log'],
  [/^XX00[12]$/, 'its files are damaged: see its log, and restore a backup into a new database'],
  [/^28/, 'check the user and password in DATABASE_URL'],
  [/^3D000$/, 'create the database that DATABASE_URL names'],
  [/^53100$/, 'free some disk space'],
  [/^53300$/, 'raise max_connections or run fewer workers'],
  [/^57P0/, 'it is shutting down or starting up; try again in a moment'],
  [/^53/, `the server lacks resources; ${AGAIN}`],
  [/^08/, 'check that it runs and is reachable'],
  [/^(40001|40P01)$/, `two transactions blocked each other; ${AGAIN}`],
  [/^55P03$/, `another transaction held a lock for too long; ${AGAIN}`],
  [/^57014$/, `a statement was cancelled or took too long; ${AGAIN}`],
];

/** Message of a replica that cancels a long read, such as a backup, because the primary has removed rows that it still reads. */
const OVERTAKEN = /conflict with recovery/;
const BY_PRIMARY = 'name the primary server in DATABASE_URL, or raise max_standby_streaming_delay of this replica';

/** Messages about encryption, from client or server, and what to do about each. */
const ENCRYPTION: readonly (readonly [message: RegExp, advice: string])[] = [
  [/does not support SSL/i, 'take sslmode out of DATABASE_URL (unset PGSSLMODE), or turn TLS on at the server'],
  [/no encryption|SSL off/i, 'the server wants TLS: add ?sslmode=verify-full to DATABASE_URL'],
  [/no such file or directory, open/, 'check the certificate files that DATABASE_URL names'],
  [
    /certificate|self.signed|altname|SECURITY WARNING/i,
    'name the authority’s certificate with sslrootcert=<file> in DATABASE_URL, and the server as it calls itself',
  ],
];

/** Messages about an open connection that was lost. */
const CUT = /ECONNRESET|EPIPE|connection terminated|connection ended|not queryable|client was closed/i;

/** Messages of `pg` about connections, which carry no code. */
const LOST = /connection terminated|timeout exceeded when trying to connect|connection ended|not queryable|client was closed/i;

/**
 * Maps a Postgres error by its effect: connection problems and refusals become `StorageUnavailable` with the address and what to do; data
 * that Postgres cannot hold becomes `BadInput`; any other error (a bug of this code) is returned unchanged.
 */
export function storageError(error: unknown, url: string): unknown {
  if (error instanceof PredictLabError || !(error instanceof Error)) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const message = reasonOf(error);
  const encryption = ENCRYPTION.find(([says]) => says.test(message));
  if (encryption !== undefined && !isOfStatement(code)) return unavailable(url, message, encryption[1], error);
  if ((code !== undefined && NETWORK_CODES.has(code)) || (code === undefined && LOST.test(message))) {
    return unavailable(url, message, whatToDo(url, CUT.test(message)), error);
  }
  if (/password must be a (non-empty )?string/.test(message))
    return unavailable(
      url,
      'it requests a password and DATABASE_URL has none',
      'write postgresql://user:password@host:5432/name, or set PGPASSWORD',
      error,
    );
  if (code === undefined) return error;
  const refusal = OVERTAKEN.test(message) ? BY_PRIMARY : REFUSALS.find(([state]) => state.test(code))?.[1];
  if (refusal !== undefined) return unavailable(url, `${message} (${code})`, refusal, error);
  if (code.startsWith('22'))
    return badInput(`Postgres cannot store this value: ${message} (${code}); correct it in the input or file that it comes from`, {
      cause: error,
    });
  return error;
}

/** Whether an error comes from the database: a mapped connection problem or refusal, or a statement that the server rejected. */
export const isDatabaseFailure = (error: unknown): boolean =>
  error instanceof PredictLabError
    ? error.type === 'StorageUnavailable'
    : error instanceof Error && 'severity' in error && 'code' in error && typeof error.code === 'string';

/** Whether a mapped error is that of a statement that was cancelled or took longer than its timeout. */
export const isCancelled = (error: unknown): boolean =>
  error instanceof Error && error.cause instanceof Error && 'code' in error.cause && error.cause.code === '57014';

/** Whether an error code is that of a rejected statement, whose message may quote data. */
const isOfStatement = (code: string | undefined): boolean => code !== undefined && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('28');

function unavailable(url: string, message: string, advice: string, cause: unknown): PredictLabError {
  return unusable(`Postgres at ${addressOf(url)}: ${message}; ${advice}`, { cause });
}

function whatToDo(url: string, isCut: boolean): string {
  if (!isSocket(url))
    return isCut
      ? 'the connection was lost in the middle of the work: try again when the server answers'
      : 'start it, or unset DATABASE_URL to use the embedded server';
  const log = logOfSocket(new URL(url).searchParams.get('host') ?? '');
  const trouble = log === undefined ? undefined : lastTrouble(log, Date.now());
  if (trouble !== undefined) return `the embedded server gave up: ${trouble}; any command without DATABASE_URL starts it again`;
  return isCut
    ? 'the embedded server ended or was killed in the middle of the work: try again, any command without DATABASE_URL starts it'
    : 'the embedded server is not running: start `predictlab dev`, or any command without DATABASE_URL';
}

/** The message of an error. Node reports several failed addresses as one error with an empty message. */
function reasonOf(error: Error): string {
  if (error instanceof AggregateError)
    return error.errors.map((inner: unknown) => (inner instanceof Error ? inner.message : String(inner))).join(', ');
  return error.message;
}
