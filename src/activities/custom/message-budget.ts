import type { Log } from '../../contracts/log.ts';
import type { Json } from '../../contracts/run/pipeline-input.ts';
import { cutText } from '../../contracts/text/cut-text.ts';
import type { FromThread } from './threads/thread-messages.ts';

/** Maximum numbers of log lines and their characters per attempt, to protect the worker's event loop. Further lines are only counted. */
const MAX_LINES = 5_000;
const MAX_CHARACTERS = 1024 * 1024;
const MAX_MESSAGE_LENGTH = 16 * 1024;
/** Maximum number of characters of a line's fields as JSON; larger fields are left out of the line. */
const MAX_FIELDS_LENGTH = 64 * 1024;
/** Shortest time between two heartbeats, in milliseconds. Of heartbeats within this time only the last is sent. */
const HEARTBEAT_EVERY_MS = 100;

type Level = 'debug' | 'info' | 'warn' | 'error';

/** Limits what one attempt sends to its worker. Runs on the task's side, so that a task that logs in a loop delays only itself. */
export class MessageBudget {
  readonly #send: (message: FromThread) => void;
  #lines = 0;
  #characters = 0;
  #dropped = 0;
  #sentAt = Number.NEGATIVE_INFINITY;
  #waiting: { readonly heartbeat: Json | undefined } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(send: (message: FromThread) => void) {
    this.#send = send;
  }

  asLog(): Log {
    const at = (level: Level) => (message: string, fields?: Record<string, unknown>) => this.log(level, message, fields);
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  }

  log(level: Level, message: unknown, fields?: Record<string, unknown>): void {
    if (this.#dropped > 0 || this.#lines >= MAX_LINES || this.#characters >= MAX_CHARACTERS) {
      if (this.#dropped++ === 0) this.#send({ log: 'warn', message: `logged ${this.#lines} lines; further lines are dropped` });
      return;
    }
    const text = cutText(String(message), MAX_MESSAGE_LENGTH);
    const length = fieldsLength(fields);
    const kept = fields === undefined || length > MAX_FIELDS_LENGTH ? {} : { fields };
    this.#lines++;
    this.#characters += text.length + (length > MAX_FIELDS_LENGTH ? 0 : length);
    this.#send({ log: level, message: text, ...kept });
  }

  heartbeat(details: Json | undefined): void {
    const now = performance.now();
    if (now - this.#sentAt >= HEARTBEAT_EVERY_MS) {
      this.#waiting = undefined;
      this.#sentAt = now;
      this.#send({ heartbeat: details });
      return;
    }
    this.#waiting = { heartbeat: details };
    this.#timer ??= setTimeout(() => this.#sendWaiting(), HEARTBEAT_EVERY_MS).unref();
  }

  /** Sends the last heartbeat and the number of dropped lines, if any. Call it when the attempt ends. */
  end(): void {
    this.#sendWaiting();
    if (this.#dropped > 0) this.#send({ log: 'warn', message: `${this.#dropped} log lines were dropped` });
  }

  #sendWaiting(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting === undefined) return;
    const { heartbeat } = this.#waiting;
    this.#waiting = undefined;
    this.#sentAt = performance.now();
    this.#send({ heartbeat });
  }
}

/** Length of a line's fields as JSON; fields that JSON cannot hold (a circular reference, a BigInt) count as too long. */
function fieldsLength(fields: Record<string, unknown> | undefined): number {
  if (fields === undefined) return 0;
  try {
    return JSON.stringify(fields).length;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
