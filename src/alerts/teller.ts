import { messageOf } from '../contracts/errors.ts';
import type { Log } from '../contracts/log.ts';
import type { Database } from '../storage/database/database.ts';
import { databaseMark } from '../storage/database/database-mark.ts';
import { type Delivery, delivered, noteSinks, takeDelivery, undelivered } from '../storage/incidents/outbox.ts';
import type { Sink } from './sink.ts';

/** How often the outbox is looked into; what this process writes into it is told at once. */
const LOOK_EVERY_MS = 5_000;
/** How often a sink is said to be there. */
const NOTE_EVERY_MS = 3_600_000;
const LONGEST_ERROR = 300;

/** Tells what is in the outbox until it has arrived. */
export interface Teller {
  /** Looks into the outbox now. */
  wake(): void;
  close(): Promise<void>;
}

/**
 * Empties the outbox into the sinks, beside other workers that do the same: each alert is in one pair of hands at a time, and in
 * nobody's for longer than a minute after whoever had it died. It is told at least once; the same key says that it is the same.
 */
export async function startTeller({ database, sinks, log }: { database: Database; sinks: readonly Sink[]; log: Log }): Promise<Teller> {
  if (sinks.length === 0) return { wake: () => undefined, close: async () => undefined };
  const names = sinks.map(({ name }) => name);
  await noteSinks(database, names);
  // two desks may tell the same sink, and both have an incident 1
  const mark = (await databaseMark(database)) ?? 'predictlab';
  let notedAt = Date.now();
  let closed = false;
  let awake: Promise<void> | undefined;
  let again = false;

  const work = async (): Promise<void> => {
    if (Date.now() - notedAt > NOTE_EVERY_MS) {
      await noteSinks(database, names);
      notedAt = Date.now();
    }
    // a sink that hangs keeps no other waiting
    await Promise.all(sinks.map((sink) => tellDue({ database, sink, mark, log })));
  };
  const wake = (): void => {
    if (closed) return;
    if (awake !== undefined) {
      again = true;
      return;
    }
    awake = work()
      .catch((error: unknown) => log.warn('the outbox of alerts cannot be read; it is tried again', { error: messageOf(error) }))
      .finally(() => {
        awake = undefined;
        if (!again) return;
        again = false;
        wake();
      });
  };
  const timer = setInterval(wake, LOOK_EVERY_MS);
  wake();
  return {
    wake,
    async close() {
      closed = true;
      clearInterval(timer);
      await awake;
    },
  };
}

/**
 * Tells a sink all that is due.
 *
 * @param options.mark tells this database's alerts from those of others
 * @returns how many were taken in hand, whether or not they arrived
 */
export async function tellDue({ database, sink, mark, log }: { database: Database; sink: Sink; mark: string; log: Log }): Promise<number> {
  for (let taken = 0; ; taken++) {
    const delivery = await takeDelivery(database, sink.name);
    if (delivery === undefined) return taken;
    await tell({ database, sink, delivery, key: `${mark}-${keyOf(delivery)}`, log });
  }
}

async function tell({ database, sink, delivery, key, log }: Telling): Promise<void> {
  try {
    await sink.send({ key, alert: delivery.alert });
  } catch (error) {
    const reason = messageOf(error).slice(0, LONGEST_ERROR);
    log.warn(`the ${sink.name} did not take an alert; it is told later`, { key, attempts: delivery.attempts, reason });
    await undelivered(database, delivery, reason);
    return;
  }
  await delivered(database, delivery);
}

interface Telling {
  readonly database: Database;
  readonly sink: Sink;
  readonly delivery: Delivery;
  readonly key: string;
  readonly log: Log;
}

/** Beginnings and ends come once each, so their key needs no number. */
function keyOf({ eventId, alert: { event, incident } }: Delivery): string {
  const key = `incident-${incident.id}-${event}`;
  return event === 'updated' ? `${key}-${eventId}` : key;
}
