import type { Alert } from '../../contracts/incident.ts';
import { type Database, type Queryable, withinTransaction } from '../../storage/database/database.ts';

/** One alert on its way to one sink. */
export interface Delivery {
  readonly eventId: string;
  readonly sink: string;
  /** Number of this attempt, counted from 1. */
  readonly attempts: number;
  readonly alert: Alert;
}

/** A worker that dies while it delivers an alert loses it after this time. */
const LEASE = "interval '60 seconds'";
/** A sink that was not configured for longer than this does not get what it missed. */
const AWAY_FOR_LONG = "interval '7 days'";
const MAX_WAIT_S = 300;

/**
 * Records that these sinks are configured. A new sink gets the incidents that open from now on; a sink that was not configured for a
 * week does not get what it missed.
 */
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

/**
 * Takes a sink's next due alert for a minute. Only the oldest alert of an incident is due, so that `closed` never arrives before
 * `opened`.
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

/** Records that the sink has accepted the alert. */
export async function markDelivered(queryable: Queryable, { eventId, sink }: Delivery): Promise<void> {
  await queryable.query('update alert_deliveries set told_at = now(), error = null where event = $1 and sink = $2', [eventId, sink]);
}

/** Records a failed attempt; the next one follows after a wait that doubles from one second to five minutes. */
export async function markFailed(queryable: Queryable, { eventId, sink, attempts }: Delivery, error: string): Promise<void> {
  const seconds = Math.min(MAX_WAIT_S, 2 ** Math.min(20, attempts - 1));
  await queryable.query(
    'update alert_deliveries set error = $3, next_at = now() + make_interval(secs => $4) where event = $1 and sink = $2 and told_at is null',
    [eventId, sink, error, seconds],
  );
}
