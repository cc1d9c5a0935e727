-- Attempts of tasks that failed: when each ran, and when the next one was to follow. The one that succeeded stands in the ledger.
create table task_attempts (
  execution_id text not null,
  task_id text not null,
  attempt int not null,
  started_at timestamptz not null,
  ended_at timestamptz not null,
  next_at timestamptz,
  error_type text not null,
  primary key (execution_id, task_id, attempt)
);
