import type { Incident } from '../../incidents/incident-text.ts';
import type { Queryable } from '../database/database.ts';

interface IncidentRow {
  readonly id: string;
  readonly cause: string;
  readonly opened_at: Date;
  readonly closed_at: Date | null;
  readonly runs: readonly string[];
  readonly symbols: readonly string[];
}

const SELECT = `select i.id::text, i.cause, i.opened_at, i.closed_at,
  array(select r.run_id from incident_runs r where r.incident = i.id order by r.seen_at, r.run_id) as runs,
  array(select distinct s.subject from incident_subjects s where s.incident = i.id and s.is_symbol order by 1) as symbols
  from incidents i`;

/** The last incidents, newest first. @param options.open only those that last */
export async function listIncidents(queryable: Queryable, { open, limit }: { open: boolean; limit: number }): Promise<readonly Incident[]> {
  const { rows } = await queryable.query<IncidentRow>(
    `${SELECT} where not $1 or i.closed_at is null order by i.opened_at desc, i.id desc limit $2`,
    [open, limit],
  );
  return rows.map(incidentOf);
}

/** The incidents that a run met. */
export async function incidentsOfRun(queryable: Queryable, executionId: string): Promise<readonly Incident[]> {
  const { rows } = await queryable.query<IncidentRow>(
    `${SELECT} where i.id in (select incident from incident_runs where execution_id = $1) order by i.id`,
    [executionId],
  );
  return rows.map(incidentOf);
}

/** @returns undefined when there is none of that id */
export async function incidentById(queryable: Queryable, id: string): Promise<Incident | undefined> {
  const { rows } = await queryable.query<IncidentRow>(`${SELECT} where i.id::text = $1`, [id]);
  return rows.map(incidentOf)[0];
}

/** Where what an incident had to tell has not arrived, by incident: the sink, how often it was tried, and what it said. */
export async function untold(queryable: Queryable): Promise<ReadonlyMap<string, string>> {
  const { rows } = await queryable.query<{ id: string; said: string }>(
    `select incident::text as id, string_agg(distinct sink || coalesce(': ' || error, ''), '; ') as said
     from alert_deliveries where told_at is null and attempts > 0 group by incident`,
  );
  return new Map(rows.map(({ id, said }) => [id, said]));
}

const incidentOf = ({ id, cause, opened_at, closed_at, runs, symbols }: IncidentRow): Incident => ({
  id,
  cause,
  openedAt: opened_at.toISOString(),
  closedAt: closed_at?.toISOString() ?? null,
  runs,
  symbols,
});
