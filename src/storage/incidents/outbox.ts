import type { Alert } from '../../incidents/incident-text.ts';
import { type Database, type Queryable, withinTransaction } from '../database/database.ts';

/** One alert on its way to one sink. */
export interface Delivery {
  readonly eventId: string;
  readonly sink: string;
  /** Of this attempt, counted from 1. */
  readonly attempts: number;
  readonly alert: Alert;
}

/** Whoever died with an alert in its hands has it taken from them after this. */
const LEASE = "interval '60 seconds'";
const AWAY_FOR_LONG = "interval '7 days'";
const LONGEST_WAIT_S = 300;

/**
 * Says that these sinks are configured. One that is new hears of what opens from now on; one that was away for a week does not hear
 * what it missed.
 */
export async function noteSinks(database: Database, names: readonly string[]): Promise<void> {
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

/**
 * Takes what a sink is to be told next, for a minute. Of one incident only the oldest, so that nobody hears of an end without a
 * beginning.
 */
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

/** It has arrived. */
export async function delivered(queryable: Queryable, { eventId, sink }: Delivery): Promise<void> {
  await queryable.query('update alert_deliveries set told_at = now(), error = null where event = $1 and sink = $2', [eventId, sink]);
}

/** It has not arrived; it is tried again after a wait that doubles from a second to five minutes. */
export async function undelivered(queryable: Queryable, { eventId, sink, attempts }: Delivery, error: string): Promise<void> {
  const seconds = Math.min(LONGEST_WAIT_S, 2 ** Math.min(20, attempts - 1));
  await queryable.query(
    'update alert_deliveries set error = $3, next_at = now() + make_interval(secs => $4) where event = $1 and sink = $2 and told_at is null',
    [eventId, sink, error, seconds],
  );
}
