-- Times are UTC epoch milliseconds (bigint) where a venue or a tick says them, timestamptz where only people read them.
-- kind: 0 trade, 1 price. side: 0 sell, 1 buy. Flags: bit n is TICK_FLAGS[n].

create table symbols (
  symbol text primary key,
  title text not null default '',
  enabled boolean not null default true,
  priority smallint not null default 3 check (priority between 1 and 5),
  sources jsonb not null default '{}',
  updated_at timestamptz not null default now()
);

create table instruments (
  key integer generated always as identity primary key,
  id text not null unique,
  source text not null,
  facts jsonb not null,
  updated_at timestamptz not null default now()
);

create table symbol_instruments (
  symbol text not null,
  instrument integer not null references instruments on delete cascade,
  primary key (symbol, instrument)
);
create index symbol_instruments_instrument on symbol_instruments (instrument);

-- One row per instrument that store and kline lock while they write, so that two of them never interleave on one instrument.
create table instrument_state (
  instrument integer primary key references instruments on delete cascade,
  next_seq bigint not null default 0,
  version bigint not null default 0
);

-- Staging: what collect of one run brought for one symbol and instrument, until store merges it.
create table staging_batches (
  id integer generated always as identity primary key,
  execution_id text not null,
  symbol text not null,
  instrument integer not null references instruments on delete cascade,
  created_at timestamptz not null default now(),
  unique (execution_id, symbol, instrument)
);

-- position: ascending = oldest first. A page that was delivered newest first counts downwards from -1, see staging-position.ts.
create table staged_rows (
  position bigint not null,
  time bigint,
  price double precision,
  size double precision,
  batch integer not null,
  kind smallint not null,
  side smallint,
  flags smallint not null default 0,
  defect text,
  reason text,
  identity text not null,
  outcome text,
  trade_id text,
  raw text not null,
  primary key (batch, position)
);

create table staged_coverage (
  batch integer not null references staging_batches on delete cascade,
  kind smallint not null,
  ranges int8multirange not null,
  primary key (batch, kind)
);

-- seq orders ticks of one time: the order in which they were first seen, which a later collection never changes.
create table ticks (
  time bigint not null,
  seq bigint not null,
  price double precision not null,
  size double precision,
  instrument integer not null,
  kind smallint not null,
  side smallint,
  flags smallint not null default 0,
  identity text collate "C" not null,
  outcome text,
  trade_id text,
  primary key (instrument, time, kind, identity)
) partition by range (time);

-- Which hours of an instrument have ticks, how many, and which version of the instrument changed them last.
create table tick_hours (
  instrument integer not null references instruments on delete cascade,
  kind smallint not null,
  hour integer not null,
  ticks integer not null,
  version bigint not null,
  primary key (instrument, kind, hour)
);

create table coverage (
  instrument integer not null references instruments on delete cascade,
  kind smallint not null,
  ranges int8multirange not null,
  primary key (instrument, kind)
);

create table candles (
  open_time bigint not null,
  open double precision not null,
  high double precision not null,
  low double precision not null,
  close double precision not null,
  volume double precision,
  quote_volume double precision,
  buy_volume double precision,
  first_time bigint not null,
  first_seq bigint not null,
  last_time bigint not null,
  last_seq bigint not null,
  instrument integer not null references instruments on delete cascade,
  trades integer not null,
  revision integer not null default 1,
  coverage real not null,
  kind smallint not null,
  interval_minutes smallint not null,
  complete boolean not null,
  primary key (instrument, kind, interval_minutes, open_time)
);
create index candles_incomplete on candles (instrument, kind, interval_minutes, open_time) where not complete;

-- Up to which version of the instrument a series of candles is built; no row = never built.
create table candle_series (
  instrument integer not null references instruments on delete cascade,
  kind smallint not null,
  interval_minutes smallint not null,
  version bigint not null,
  as_of bigint not null,
  covered int8multirange not null,
  primary key (instrument, kind, interval_minutes)
);

create table quarantine (
  id bigint generated always as identity primary key,
  symbol text not null,
  instrument integer not null references instruments on delete cascade,
  stage text not null,
  reason text not null,
  time bigint,
  row_hash uuid not null,
  row text not null,
  run_id text not null,
  execution_id text not null,
  found_at timestamptz not null default now(),
  unique (symbol, instrument, reason, row_hash)
);

create table ledger (
  execution_id text not null,
  task_id text not null,
  run_id text not null,
  symbol text,
  stage text,
  output jsonb,
  degraded jsonb,
  attempts integer not null,
  started_at timestamptz not null,
  finished_at timestamptz,
  duration_seconds double precision,
  primary key (execution_id, task_id)
);
create index ledger_finished on ledger (finished_at);

create table runs (
  execution_id text primary key,
  run_id text not null,
  input jsonb not null,
  config jsonb not null,
  retry_of text,
  result text,
  status jsonb,
  started_at timestamptz not null,
  finished_at timestamptz
);
create index runs_run_id on runs (run_id, started_at desc);
create index runs_started on runs (started_at desc);

create table backtests (
  id bigint generated always as identity primary key,
  run_id text not null,
  execution_id text not null,
  symbol text not null,
  instrument integer not null references instruments on delete cascade,
  price_type smallint not null,
  interval_minutes smallint not null,
  strategy text not null,
  params jsonb not null,
  params_hash uuid not null,
  metrics jsonb not null,
  trades jsonb not null,
  equity jsonb not null,
  passport jsonb not null,
  created_at timestamptz not null default now(),
  unique (execution_id, symbol, instrument, price_type, interval_minutes, strategy, params_hash)
);
create index backtests_symbol on backtests (symbol, execution_id);
