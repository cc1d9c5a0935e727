import { groupedBy } from '../../contracts/grouped-by.ts';
import type { AlertDelivery, Incident } from '../../contracts/incident.ts';
import type { Queryable } from '../../storage/database/database.ts';

type IncidentRow = Omit<Incident, 'openedAt' | 'closedAt'> & { readonly openedAt: Date; readonly closedAt: Date | null };

const SELECT = `select i.id::text, i.cause, i.severity, i.opened_at as "openedAt", i.closed_at as "closedAt",
  array(select r.run_id from incident_runs r where r.incident = i.id order by r.seen_at, r.run_id) as runs,
  array(select distinct s.subject from incident_subjects s where s.incident = i.id and s.is_symbol order by 1) as symbols
  from incidents i`;

/** The last `limit` incidents, newest first. @param options.open whether to return only open incidents */
export async function listIncidents(queryable: Queryable, { open, limit }: { open: boolean; limit: number }): Promise<readonly Incident[]> {
  const { rows } = await queryable.query<IncidentRow>(
    `${SELECT} where not $1 or i.closed_at is null order by i.opened_at desc, i.id desc limit $2`,
    [open, limit],
  );
  return rows.map(incidentOf);
}

/** The incidents that a run met, oldest first. */
export async function incidentsOfRun(queryable: Queryable, executionId: string): Promise<readonly Incident[]> {
  const { rows } = await queryable.query<IncidentRow>(
    `${SELECT} where i.id in (select incident from incident_runs where execution_id = $1) order by i.id`,
    [executionId],
  );
  return rows.map(incidentOf);
}

/** One incident with all its runs and symbols. @returns undefined when no incident has that id */
export async function incidentById(queryable: Queryable, id: string): Promise<Incident | undefined> {
  const { rows } = await queryable.query<IncidentRow>(`${SELECT} where i.id::text = $1`, [id]);
  return rows.map(incidentOf)[0];
}

/** Alerts that no attempt has delivered yet: a text with the sinks and their last errors, by incident id. */
export async function pendingAlerts(queryable: Queryable): Promise<ReadonlyMap<string, string>> {
  const { rows } = await queryable.query<{ id: string; why: string }>(
    `select incident::text as id, string_agg(distinct sink || coalesce(': ' || error, ''), '; ') as why
     from alert_deliveries where told_at is null and attempts > 0 group by incident`,
  );
  return new Map(rows.map(({ id, why }) => [id, why]));
}

const incidentOf = (row: IncidentRow): Incident => ({
  ...row,
  openedAt: row.openedAt.toISOString(),
  closedAt: row.closedAt?.toISOString() ?? null,
});

/** The delivery of alerts of incidents, by incident id, oldest alert first. Times are UTC epoch milliseconds. */
export async function alertDeliveries(
  queryable: Queryable,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly AlertDelivery[]>> {
  const { rows } = await queryable.query<AlertDelivery & { id: string }>(
    `select d.incident::text as id, e.event, d.sink, (extract(epoch from d.told_at) * 1000)::float8 as "deliveredAt", d.attempts, d.error
     from alert_deliveries d join incident_events e on e.id = d.event where d.incident = any($1::bigint[]) order by d.event, d.sink`,
    [ids],
  );
  return groupedBy(rows, ({ id }) => id);
}

/** The given symbols that are disabled or no longer in the catalogue. */
export async function disabledAmong(queryable: Queryable, symbols: readonly string[]): Promise<readonly string[]> {
  const { rows } = await queryable.query<{ name: string }>(
    'select distinct name from unnest($1::text[]) as name where not exists (select from symbols s where s.symbol = name and s.enabled)',
    [symbols],
  );
  return rows.map(({ name }) => name);
}

/** Ids of the open incidents whose trouble was not seen any more since an instant. @param before the instant, UTC epoch milliseconds */
export async function unseenSince(queryable: Queryable, before: number): Promise<readonly string[]> {
  const { rows } = await queryable.query<{ id: string }>(
    'select id::text from incidents where closed_at is null and seen_at < to_timestamp($1::float8 / 1000)',
    [before],
  );
  return rows.map(({ id }) => id);
}
