-- What the watch of the workers remembers from one look to the next, and whose turn it is.
create table watch_state (
  name text primary key,
  state jsonb not null,
  at timestamptz not null
);
