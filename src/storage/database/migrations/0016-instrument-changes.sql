-- How an instrument stood before a run stored into it: from the rows after an instant one knows what there was at that instant.
-- Coverage of both kinds of ticks, since the two grow apart.
create table instrument_changes (
  instrument integer not null references instruments on delete cascade,
  at timestamptz not null default clock_timestamp(),
  execution_id text not null,
  version_before bigint not null,
  -- ticks from this place in the order on are not of before
  next_seq_before bigint not null,
  trades_covered_before int8multirange not null,
  prices_covered_before int8multirange not null,
  -- what its venue said of it then; null again once it is old
  facts jsonb,
  primary key (instrument, at, execution_id)
);

-- What `deploy shadow` found: a build on the frozen inputs of a run.
create table shadows (
  id integer generated always as identity primary key,
  run_id text not null,
  execution_id text not null,
  build text not null,
  host text not null,
  verdict text not null,
  report jsonb not null,
  at timestamptz not null default now()
);
create index shadows_execution on shadows (execution_id);
create index shadows_build on shadows (build, id desc);
