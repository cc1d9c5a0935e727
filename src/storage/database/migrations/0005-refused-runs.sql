-- Runs whose input was refused: nothing ran, so `runs` has none of them. Kept so that the same trouble is told once, and its end too.
create table refused_runs (
  execution_id text primary key,
  run_id text not null,
  input jsonb not null,
  reasons jsonb not null,
  started_at timestamptz not null,
  told_at timestamptz
);
create index refused_runs_started on refused_runs (started_at desc);

-- How every run ended that got as far as the database; `result` is null while it runs.
create view run_verdicts as
  select execution_id, run_id, input, started_at, result, status->'reasons' as reasons from runs
  union all select execution_id, run_id, input, started_at, 'failed', reasons from refused_runs;
