import type { IncidentEvent } from '../../contracts/incident.ts';
import { oneLine } from '../../contracts/text/plain-text.ts';
import { jsonb } from '../../storage/database/codes.ts';
import { type Queryable, type Transaction, withinTransaction } from '../../storage/database/database.ts';
import { alertOf } from '../alerts/alert.ts';
import { type IncidentChange, reconcile } from '../rule/reconcile.ts';
import type { Observation, OpenIncident, Subject, TroubledSubject } from '../rule/trouble.ts';
import { incidentById } from './incidents.ts';

/** Number of the database lock that lets only one process at a time change incidents. It is arbitrary. */
const INCIDENTS_LOCK = 7_305_310_019;
/** Time after which a sink that no worker has in its configuration gets no more alerts. */
const SINK_IS_GONE = "interval '7 days'";

/**
 * Updates the incidents with an observation and writes alerts to the outbox of every sink, in one transaction.
 * @returns whether an alert was written
 */
export async function observe(queryable: Queryable, observation: Observation): Promise<boolean> {
  return await withinTransaction(queryable, async (transaction) => {
    await transaction.query('select pg_advisory_xact_lock($1)', [INCIDENTS_LOCK]);
    const changes = reconcile(await openIncidents(transaction), observation);
    let hasAlerts = false;
    for (const change of changes) hasAlerts = (await apply(transaction, change, observation)) || hasAlerts;
    return hasAlerts;
  });
}

/** Closes an incident although its subjects may not be well again. @returns false when no such incident is open */
export async function closeIncident(queryable: Queryable, id: string, why: string): Promise<boolean> {
  return await withinTransaction(queryable, async (transaction) => {
    await transaction.query('select pg_advisory_xact_lock($1)', [INCIDENTS_LOCK]);
    const { rowCount } = await transaction.query('select from incidents where id::text = $1 and closed_at is null', [id]);
    if (rowCount !== 1) return false;
    await close(transaction, id, Date.now(), why);
    return true;
  });
}

/** The open incidents with their subjects. */
export async function openIncidents(queryable: Queryable): Promise<readonly OpenIncident[]> {
  const { rows } = await queryable.query<Omit<OpenIncident, 'subjects'> & TroubledSubject>(
    `select i.id::text, i.fingerprint, i.venue, s.what, s.subject, s.is_symbol as "isSymbol", s.last_at as at, s.as_of as "asOf", s.well_at as "wellAt"
     from incidents i join incident_subjects s on s.incident = i.id where i.closed_at is null order by i.id`,
  );
  const open = new Map<string, OpenIncident & { subjects: TroubledSubject[] }>();
  for (const { id, fingerprint, venue, ...subject } of rows) {
    const incident = open.get(id) ?? { id, fingerprint, venue, subjects: [] };
    open.set(id, incident);
    incident.subjects.push(subject);
  }
  return [...open.values()];
}

async function apply(transaction: Transaction, change: IncidentChange, { at, run }: Observation): Promise<boolean> {
  switch (change.type) {
    case 'open': {
      const { fingerprint, cause, severity = 'normal', venue, subjects } = change.trouble;
      const { rows } = await transaction.query<{ id: string }>(
        `insert into incidents (fingerprint, cause, venue, opened_at, seen_at, severity)
         values ($1, $2, $3, to_timestamp($4::float8 / 1000), to_timestamp($4::float8 / 1000), $5) returning id::text`,
        [fingerprint, oneLine(cause), venue, at, severity],
      );
      await touch(transaction, rows[0].id, subjects, run);
      // No `opened` alert is written for `low`, so no later alert either: those go only to sinks that got the first one.
      if (severity === 'low') return false;
      await writeAlert(transaction, rows[0].id, 'opened');
      return true;
    }
    case 'last': {
      await transaction.query('update incidents set seen_at = greatest(seen_at, to_timestamp($2::float8 / 1000)) where id = $1', [
        change.id,
        at,
      ]);
      await touch(transaction, change.id, change.trouble.subjects, run);
      if (change.news) await writeAlert(transaction, change.id, 'updated');
      return change.news;
    }
    case 'well': {
      const subjects = change.subjects.map(({ what, subject }) => ({ what, subject }));
      await transaction.query(
        `update incident_subjects s set well_at = $3 from jsonb_to_recordset($2) as w(what text, subject text)
         where s.incident = $1 and s.what = w.what and s.subject = w.subject`,
        [change.id, jsonb(subjects), at],
      );
      if (change.over) await close(transaction, change.id, at);
      return change.over;
    }
  }
}

/** Records the subjects that an incident has reached, and the run that met it. */
async function touch(transaction: Transaction, id: string, subjects: readonly Subject[], run: Observation['run']): Promise<void> {
  const rows = subjects.map(({ what, subject, isSymbol, at }) => ({ what, subject, is_symbol: isSymbol, last_at: Math.round(at) }));
  await transaction.query(
    `insert into incident_subjects (incident, what, subject, is_symbol, last_at, as_of)
     select $1, what, subject, is_symbol, last_at, $3 from jsonb_to_recordset($2) as t(what text, subject text, is_symbol boolean, last_at bigint)
     on conflict (incident, what, subject) do update
       set last_at = greatest(incident_subjects.last_at, excluded.last_at), as_of = greatest(incident_subjects.as_of, excluded.as_of), well_at = null`,
    [id, jsonb(rows), run?.asOf ?? null],
  );
  if (run === undefined) return;
  await transaction.query('insert into incident_runs (incident, execution_id, run_id) values ($1, $2, $3) on conflict do nothing', [
    id,
    run.executionId,
    run.runId,
  ]);
}

async function close(transaction: Transaction, id: string, at: number, why?: string): Promise<void> {
  await transaction.query('update incidents set closed_at = greatest(opened_at, to_timestamp($2::float8 / 1000)) where id = $1', [id, at]);
  await writeAlert(transaction, id, 'closed', why);
}

/**
 * Writes an alert to the outbox: `opened` for every configured sink, `updated` and `closed` for those of them that were sent `opened`.
 * An update replaces earlier updates whose delivery has not started.
 */
async function writeAlert(transaction: Transaction, id: string, event: IncidentEvent, why?: string): Promise<void> {
  const incident = await incidentById(transaction, id);
  if (incident === undefined) return;
  if (event === 'updated') {
    await transaction.query(
      `delete from alert_deliveries d using incident_events e
       where d.event = e.id and e.incident = $1 and e.event = 'updated' and d.told_at is null and d.attempts = 0`,
      [id],
    );
  }
  const { rows } = await transaction.query<{ id: string }>(
    'insert into incident_events (incident, event, body) values ($1, $2, $3) returning id::text',
    [id, event, jsonb(alertOf(event, { ...incident, runs: incident.runs.slice(-MAX_RUNS) }, why))],
  );
  await transaction.query(
    `insert into alert_deliveries (event, sink, incident)
     select $1, s.name, $2 from alert_sinks s where s.seen_at > now() - ${SINK_IS_GONE}
       and ($3 = 'opened' or exists (select from alert_deliveries d join incident_events e on e.id = d.event
         where d.incident = $2 and d.sink = s.name and e.event = 'opened'))`,
    [rows[0].id, id, event],
  );
}

/** Maximum number of runs that an alert names, newest last, because a year of runs does not fit into a message. */
const MAX_RUNS = 100;
