-- What was lately sent to each venue and route family, shared by all workers of this database (budget/).
-- Nothing here is worth more than a minute, so it is not logged.
create unlogged table rate_budgets (
  name text primary key,
  state jsonb not null,
  version bigint not null default 0
) with (fillfactor = 50);
