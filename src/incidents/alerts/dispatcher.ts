import { randomUUID } from 'node:crypto';
import { messageOf } from '../../contracts/errors.ts';
import type { Alert, Incident } from '../../contracts/incident.ts';
import type { Log } from '../../contracts/log.ts';
import { type Database, type Queryable, withinTransaction } from '../../storage/database/database.ts';
import { databaseMark } from '../../storage/database/migrate.ts';
import type { Sink } from './alert.ts';

/** Milliseconds between two readings of the outbox; `wake` reads it immediately. */
const READ_EVERY_MS = 5_000;
/** Milliseconds between two updates of the database's record of the configured sinks. */
const RECORD_EVERY_MS = 3_600_000;
const MAX_ERROR_LENGTH = 300;

interface Dispatcher {
  wake(): void;
  close(): Promise<void>;
}

/**
 * Starts delivering the outbox to the sinks, as other workers do at the same time. While one worker delivers an alert, the others leave it
 * alone; a minute after that worker has died they take it over. An alert is delivered at least once; a repeated delivery has the same key.
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
  // Part of each key: two deployments may share a sink, and both have an incident 1.
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
    // In parallel: a sink that hangs does not delay the others.
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
  /** Prefix of keys that distinguishes this database's alerts from those of other databases. */
  readonly mark: string;
  readonly log: Log;
}

/** Sends a sink every alert that is due. @returns the number of alerts that were sent, whether the sink accepted them or not */
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
  const incident: Incident = {
    id: 'test',
    cause: 'a test: nothing is wrong',
    severity: 'normal',
    openedAt: now,
    closedAt: now,
    runs: [],
    symbols: [],
  };
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

interface Delivery {
  readonly eventId: string;
  readonly sink: string;
  readonly attempts: number;
  readonly alert: Alert;
}

/** Time after which another worker takes over an alert whose delivery has not ended. */
const LEASE = "interval '60 seconds'";
/** Time for which a sink may be missing from the configuration and still get the alerts of that time when it is back. */
const AWAY_FOR_LONG = "interval '7 days'";
const MAX_WAIT_S = 300;

/** Records that sinks are configured. A sink that is new, or was not configured for a week, gets only incidents that open from now on. */
export async function recordSinks(database: Database, names: readonly string[]): Promise<void> {
  await withinTransaction(database, async (transaction) => {
    await transaction.query(
      `delete from alert_deliveries d using alert_sinks s
       where s.name = d.sink and s.name = any($1) and d.told_at is null and s.seen_at < now() - ${AWAY_FOR_LONG}`,
      [names],
    );
    await transaction.query(
      `insert into alert_sinks (name, seen_at) select name, now() from unnest($1::text[]) as name order by name
       on conflict (name) do update set seen_at = now()`,
      [names],
    );
  });
}

/** Takes a sink's next due alert for a minute. Of an incident only the oldest alert is due, so `closed` never arrives before `opened`. */
export async function takeDelivery(queryable: Queryable, sink: string): Promise<Delivery | undefined> {
  const { rows } = await queryable.query<Delivery>(
    `update alert_deliveries t set attempts = t.attempts + 1, next_at = now() + ${LEASE}
     from (select d.event from alert_deliveries d
       where d.told_at is null and d.next_at <= now() and d.sink = $1
         and not exists (select from alert_deliveries e where e.incident = d.incident and e.sink = d.sink and e.event < d.event and e.told_at is null)
       order by d.event limit 1 for update skip locked) due
     join incident_events e on e.id = due.event
     where t.event = due.event and t.sink = $1
     returning t.event::text as "eventId", t.sink, t.attempts, e.body as alert`,
    [sink],
  );
  return rows[0];
}

async function markDelivered(queryable: Queryable, { eventId, sink }: Delivery): Promise<void> {
  await queryable.query('update alert_deliveries set told_at = now(), error = null where event = $1 and sink = $2', [eventId, sink]);
}

/** Records a failed attempt; the next one follows after a wait that doubles from one second to five minutes. */
async function markFailed(queryable: Queryable, { eventId, sink, attempts }: Delivery, error: string): Promise<void> {
  const seconds = Math.min(MAX_WAIT_S, 2 ** Math.min(20, attempts - 1));
  await queryable.query(
    'update alert_deliveries set error = $3, next_at = now() + make_interval(secs => $4) where event = $1 and sink = $2 and told_at is null',
    [eventId, sink, error, seconds],
  );
}
