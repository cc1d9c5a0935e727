import { randomUUID } from 'node:crypto';
import { messageOf } from '../../contracts/errors.ts';
import type { Log } from '../../contracts/log.ts';
import type { Database } from '../../storage/database/database.ts';
import { databaseMark } from '../../storage/database/database-mark.ts';
import { type Delivery, markDelivered, markFailed, recordSinks, takeDelivery } from '../rows/outbox.ts';
import type { Sink } from './alert.ts';

/** How often the outbox is read; `wake` reads it at once. */
const READ_EVERY_MS = 5_000;
/** How often the configured sinks are recorded again. */
const RECORD_EVERY_MS = 3_600_000;
const MAX_ERROR_LENGTH = 300;

/** Delivers the alerts of the outbox, each until its sink has accepted it. */
export interface Dispatcher {
  /** Reads the outbox now. */
  wake(): void;
  close(): Promise<void>;
}

/**
 * Starts delivering the outbox to the sinks, next to other workers that do the same. One worker holds an alert at a time, and loses it
 * a minute after it dies. An alert is delivered at least once; a repeated delivery has the same key.
 */
export async function startDispatcher({
  database,
  sinks,
  log,
}: {
  database: Database;
  sinks: readonly Sink[];
  log: Log;
}): Promise<Dispatcher> {
  if (sinks.length === 0) return { wake: () => undefined, close: async () => undefined };
  const names = sinks.map(({ name }) => name);
  await recordSinks(database, names);
  // two deployments may share a sink, and both have an incident 1
  const mark = (await databaseMark(database)) ?? 'predictlab';
  let recordedAt = Date.now();
  let closed = false;
  let delivering: Promise<void> | undefined;
  let wokenMeanwhile = false;

  const deliver = async (): Promise<void> => {
    if (Date.now() - recordedAt > RECORD_EVERY_MS) {
      await recordSinks(database, names);
      recordedAt = Date.now();
    }
    // in parallel: a sink that hangs does not delay the others
    await Promise.all(sinks.map((sink) => deliverDue({ database, sink, mark, log })));
  };
  const wake = (): void => {
    if (closed) return;
    if (delivering !== undefined) {
      wokenMeanwhile = true;
      return;
    }
    delivering = deliver()
      .catch((error: unknown) => log.warn('the outbox of alerts cannot be read; trying again', { error: messageOf(error) }))
      .finally(() => {
        delivering = undefined;
        if (!wokenMeanwhile) return;
        wokenMeanwhile = false;
        wake();
      });
  };
  const timer = setInterval(wake, READ_EVERY_MS);
  wake();
  return {
    wake,
    async close() {
      closed = true;
      clearInterval(timer);
      await delivering;
    },
  };
}

interface DeliverOptions {
  readonly database: Database;
  readonly sink: Sink;
  /** Distinguishes this database's alerts from those of others. */
  readonly mark: string;
  readonly log: Log;
}

/** Sends a sink every alert that is due. @returns how many were sent, accepted or not */
export async function deliverDue(options: DeliverOptions): Promise<number> {
  for (let count = 0; ; count++) {
    const delivery = await takeDelivery(options.database, options.sink.name);
    if (delivery === undefined) return count;
    await deliverOne(delivery, options);
  }
}

async function deliverOne(delivery: Delivery, { database, sink, mark, log }: DeliverOptions): Promise<void> {
  const key = `${mark}-${keyOf(delivery)}`;
  try {
    await sink.send({ key, alert: delivery.alert });
  } catch (error) {
    const reason = messageOf(error).slice(0, MAX_ERROR_LENGTH);
    log.warn(`the ${sink.name} did not accept an alert; it is sent again later`, { key, attempts: delivery.attempts, reason });
    await markFailed(database, delivery, reason);
    return;
  }
  await markDelivered(database, delivery);
}

/** An incident opens once and closes once, so only the keys of its updates need a number. */
function keyOf({ eventId, alert: { event, incident } }: Delivery): string {
  const key = `incident-${incident.id}-${event}`;
  return event === 'updated' ? `${key}-${eventId}` : key;
}

/** Sends each sink a test alert. @returns each sink's error, undefined where it accepted the alert */
export async function sendTestAlert(
  sinks: readonly Sink[],
): Promise<readonly { readonly sink: string; readonly error: string | undefined }[]> {
  const now = new Date().toISOString();
  const incident = { id: 'test', cause: 'a test: nothing is wrong', openedAt: now, closedAt: now, runs: [], symbols: [] };
  const alert = { event: 'opened', text: 'PredictLab: this is a test, nothing is wrong', incident } as const;
  const key = `test-${randomUUID()}`;
  return await Promise.all(
    sinks.map(async (sink) => {
      try {
        await sink.send({ key, alert });
        return { sink: sink.name, error: undefined };
      } catch (error) {
        return { sink: sink.name, error: messageOf(error) };
      }
    }),
  );
}
