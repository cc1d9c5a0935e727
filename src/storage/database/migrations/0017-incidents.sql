-- Troubles by their root causes, and who has been told what about them.
create table incidents (
  id bigint generated always as identity primary key,
  -- what tells one cause from another: stage, error type, venue, the message without what varies
  fingerprint text not null,
  cause text not null,
  venue text,
  opened_at timestamptz not null,
  seen_at timestamptz not null,
  closed_at timestamptz
);
create unique index incidents_open on incidents (fingerprint) where closed_at is null;

-- What an incident is about: whoever looks at the same thing again and finds it well ends it.
create table incident_subjects (
  incident bigint not null references incidents on delete cascade,
  what text not null,
  subject text not null,
  is_symbol boolean not null,
  -- when the trouble was last there, and as of which instant the run was that met it; UTC epoch milliseconds
  last_at bigint not null,
  as_of bigint,
  well_at bigint,
  primary key (incident, what, subject)
);

create table incident_runs (
  incident bigint not null references incidents on delete cascade,
  execution_id text not null,
  run_id text not null,
  seen_at timestamptz not null default now(),
  primary key (incident, execution_id)
);
create index incident_runs_execution on incident_runs (execution_id);

create table incident_events (
  id bigint generated always as identity primary key,
  incident bigint not null references incidents on delete cascade,
  event text not null check (event in ('opened', 'updated', 'closed')),
  happened_at timestamptz not null default now(),
  body jsonb not null
);
create unique index incident_events_once on incident_events (incident, event) where event <> 'updated';

-- Where alerts go, and when a worker last had it configured.
create table alert_sinks (
  name text primary key,
  seen_at timestamptz not null
);
-- What a sink is still to be told; with told_at what it has been told.
create table alert_deliveries (
  event bigint not null references incident_events on delete cascade,
  sink text not null,
  incident bigint not null,
  attempts integer not null default 0,
  next_at timestamptz not null default now(),
  told_at timestamptz,
  error text,
  primary key (event, sink)
);
create index alert_deliveries_waiting on alert_deliveries (sink, next_at) where told_at is null;
create index alert_deliveries_incident on alert_deliveries (incident, sink);

-- As of when a run was: of two that looked at the same, the later one knows more.
alter table runs add column as_of bigint, add column watched_at timestamptz;
update runs set as_of = (config->>'asOf')::bigint, watched_at = finished_at;
create index runs_as_of on runs (as_of);
