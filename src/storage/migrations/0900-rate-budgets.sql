-- One token bucket per venue and route family, shared by all workers of this database. Nothing here outlives a crash, so it is not logged.
create unlogged table rate_budgets (
  name text primary key,
  tokens double precision not null,
  refilled_at timestamptz not null,
  paused_until timestamptz not null default '-infinity'
) with (fillfactor = 50);
