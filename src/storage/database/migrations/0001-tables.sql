-- Times of ticks and of venues are UTC epoch milliseconds (bigint); times that only people read are timestamptz.
-- kind: 0 trade, 1 price. side: 0 sell, 1 buy. Flags: bit n is TICK_FLAGS[n].

create table symbols (
  symbol text primary key,
  title text not null default '',
  enabled boolean not null default true,
  priority smallint not null default 3 check (priority between 1 and 5),
  sources jsonb not null default '{}',
  updated_at timestamptz not null default now()
);

-- Whether a symbol was ever put into the catalogue: until then a new database may be given the shipped catalogue, after that an empty
-- catalogue is what its owner wants. A sequence, because it is not data: restoring the symbols sets it.
create sequence catalogue_started;

create function note_catalogue_started() returns trigger language plpgsql as $$
begin
  perform nextval('catalogue_started');
  return null;
end $$;

create trigger symbols_started after insert on symbols for each statement execute function note_catalogue_started();

create table instruments (
  key integer generated always as identity primary key,
  id text not null unique,
  source text not null,
  facts jsonb not null,
  updated_at timestamptz not null default now()
);

-- Outcomes that a venue names for a market in place of the stored ones, { outcomes, outcomeIds }: refused until `predictlab symbols accept`
-- takes them over. accepted_at: when it did; before: what they replace.
create table outcome_changes (
  instrument integer not null references instruments on delete cascade,
  proposed jsonb not null,
  before jsonb not null,
  seen_at timestamptz not null default now(),
  accepted_at timestamptz,
  primary key (instrument, proposed, before)
);

create table symbol_instruments (
  symbol text not null,
  instrument integer not null references instruments on delete cascade,
  primary key (symbol, instrument)
);
create index symbol_instruments_instrument on symbol_instruments (instrument);

-- One row per instrument that store and kline lock while they write, so that two of them never interleave on one instrument.
-- Before ticks_pruned_before (and candles_pruned_before) the ticks (candles) are pruned: what is left of the other kind there can be neither
-- built from them nor compared with them.
create table instrument_state (
  instrument integer primary key references instruments on delete cascade,
  next_seq bigint not null default 0,
  version bigint not null default 0,
  ticks_pruned_before bigint,
  candles_pruned_before bigint
);

-- How an instrument stood before a run stored into it: the rows after an instant say what there was at that instant.
-- Coverage of both kinds of ticks, since the two grow apart.
create table instrument_changes (
  instrument integer not null references instruments on delete cascade,
  at timestamptz not null default clock_timestamp(),
  execution_id text not null,
  version_before bigint not null,
  -- ticks from this place in the order on came later
  next_seq_before bigint not null,
  trades_covered_before int8multirange not null,
  prices_covered_before int8multirange not null,
  -- what its venue said of it then; set to null once it is old
  facts jsonb,
  primary key (instrument, at, execution_id)
);

-- Staging: what collect of one run brought for one symbol and instrument, until store merges it.
-- withdrawals: how many withdrawals of coverage were known when the walk was planned; null where nothing was walked (a file).
create table staging_batches (
  id integer generated always as identity primary key,
  execution_id text not null,
  symbol text not null,
  instrument integer not null references instruments on delete cascade,
  created_at timestamptz not null default now(),
  withdrawals integer,
  unique (execution_id, symbol, instrument)
);

-- How far `import ticks` has stored a file, so that an import which was stopped continues there; deleted at its end.
-- file: the path with its size and time of change. line: rows up to this line of the file are stored. spans: the time they cover, by kind.
create table import_progress (
  instrument integer not null references instruments on delete cascade,
  file text not null,
  line bigint not null,
  spans jsonb not null,
  counts jsonb not null,
  primary key (instrument, file)
);

-- Which attempt of collect may stage rows for a run's symbol. An attempt that slept through its own heartbeat (a laptop lid, a long
-- pause) may wake while the next one is at work: it must not write over the pages of that one. No row: no attempt may.
create table collect_owners (
  execution_id text not null,
  symbol text not null,
  owner uuid not null,
  primary key (execution_id, symbol)
);

-- Where the collection of one instrument stands in one run: written with each staged page, so that a later attempt continues right after it.
create table collect_progress (
  batch integer primary key references staging_batches on delete cascade,
  pages integer not null,
  requests integer not null,
  cursor jsonb,
  done boolean not null
);

-- position: ascending = oldest first. A page that was delivered newest first counts downwards from -1, see stagingPosition.
-- grain: how many seconds a price point stands for; null for trades.
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
  grain integer,
  primary key (batch, position)
);

-- ranges, confirmed, inferred: as in coverage. looked: until when the walk has looked. withdrawn_from: from there on store takes back the
-- coverage that earlier runs claimed.
create table staged_coverage (
  batch integer not null references staging_batches on delete cascade,
  kind smallint not null,
  ranges int8multirange not null,
  confirmed int8multirange not null default '{}',
  inferred int8multirange not null default '{}',
  looked bigint,
  withdrawn_from bigint,
  primary key (batch, kind)
);

create table staged_grains (
  batch integer not null references staging_batches on delete cascade,
  grain integer not null,
  ranges int8multirange not null,
  primary key (batch, grain)
);

-- seq orders ticks of one time: the order in which they were first seen, which a later collection never changes.
-- grain: how many seconds a price point stands for; null for trades.
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
  grain integer,
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

-- The evidence of what is covered: walked is what is in ranges only; confirmed was found the same by a second look; inferred follows from
-- something else and was not walked. looked: until when a walk has looked. Ticks younger than what is covered may be there, and what comes later came late.
create table coverage (
  instrument integer not null references instruments on delete cascade,
  kind smallint not null,
  ranges int8multirange not null,
  confirmed int8multirange not null default '{}',
  inferred int8multirange not null default '{}',
  looked bigint,
  primary key (instrument, kind),
  check (confirmed <@ ranges and inferred <@ ranges and not confirmed && inferred)
);

-- Covered ranges that a second witness (a stated volume, a second walk) disagrees with, until they were walked again.
-- Times are UTC epoch milliseconds; tried_at: when they were last walked again.
create table coverage_doubts (
  instrument integer not null references instruments on delete cascade,
  kind smallint not null,
  from_time bigint not null,
  to_time bigint not null,
  reason text not null,
  seen_at bigint not null,
  tried_at bigint not null,
  primary key (instrument, kind, from_time)
);

-- What a venue itself stated of a market's whole life, per look: volume in quote currency and the number of trades. agrees: whether the
-- trades that are held up to this look add up to it; null while that is not known.
create table stated_volumes (
  instrument integer not null references instruments on delete cascade,
  at bigint not null,
  volume double precision,
  trades bigint,
  agrees boolean,
  primary key (instrument, at)
);

-- From when on coverage of an instrument was taken back, counted per instrument. A walk that was planned before may be stored later:
-- what it claims from there on rests on what is known to be wrong.
create table coverage_withdrawals (
  instrument integer not null references instruments on delete cascade,
  number integer not null,
  withdrawn_from bigint not null,
  at timestamptz not null default clock_timestamp(),
  primary key (instrument, number)
);

-- The time of which price points of a grain were collected: coarser points give way there.
create table point_grains (
  instrument integer not null references instruments on delete cascade,
  grain integer not null,
  ranges int8multirange not null,
  primary key (instrument, grain)
);

-- How late a venue's rows were lately seen to come, and as of which run. A source without a row has shown no more than is always expected.
create table source_lateness (
  source text primary key,
  lateness_ms bigint not null,
  seen_at bigint not null
);

-- The same per market; source_lateness stands in for markets without a row.
create table instrument_lateness (
  instrument integer primary key references instruments on delete cascade,
  lateness_ms bigint not null,
  seen_at bigint not null
);

-- What was lately sent to each venue and route family, shared by all workers of this database (budget/).
-- Nothing here is worth more than a minute, so it is not logged.
create unlogged table rate_budgets (
  name text primary key,
  state jsonb not null,
  version bigint not null default 0
) with (fillfactor = 50);

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

-- row: the original as the venue or the file had it. healed_at: when `predictlab heal` made a tick of it.
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
  kind smallint not null,
  healed_at timestamptz,
  unique (symbol, instrument, reason, row_hash)
);

-- last_error: the error of the last failed attempt of a task that then took effect, { type, message }.
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
  last_error jsonb,
  primary key (execution_id, task_id)
);
create index ledger_finished on ledger (finished_at);

-- Attempts of tasks that failed: when each ran, and when the next one was due. The one that succeeded stands in the ledger.
-- lost_with: the worker with which the attempt was lost, written by the attempt after it; empty where its name is not known.
create table task_attempts (
  execution_id text not null,
  task_id text not null,
  attempt int not null,
  started_at timestamptz not null,
  ended_at timestamptz not null,
  next_at timestamptz,
  error_type text not null,
  lost_with text,
  primary key (execution_id, task_id, attempt)
);

-- What runs were configured with: input, catalogue, plugins and code. Equal configurations are one version, whatever came in between.
create table catalogues (
  hash text primary key,
  entries jsonb not null
);
create table configurations (
  version integer primary key,
  hash text not null unique,
  input jsonb not null,
  catalogue text not null references catalogues,
  -- SHA-256 of its code by module, as PREDICTLAB_PLUGINS names it
  plugins jsonb not null,
  -- the build that checked the input
  code text not null,
  at timestamptz not null default now()
);

-- as_of: of two runs that looked at the same thing, the later one knows more. watched_at: when the watch looked at its end.
-- id_used_before: an earlier run had the same id when this one started, so its pages lie in a folder of their own; kept, because the
-- earlier run may be pruned. schedule_id: the schedule that started it.
create table runs (
  execution_id text primary key,
  run_id text not null,
  input jsonb not null,
  config jsonb not null,
  retry_of text,
  result text,
  status jsonb,
  started_at timestamptz not null,
  finished_at timestamptz,
  id_used_before boolean not null default false,
  configuration integer references configurations,
  schedule_id text,
  as_of bigint,
  watched_at timestamptz
);
create index runs_run_id on runs (run_id, started_at desc);
create index runs_started on runs (started_at desc);
create index runs_configuration on runs (configuration);
create index runs_as_of on runs (as_of);

-- Runs whose input was refused: nothing ran, so `runs` has none of them. Kept so that an alert about the same trouble is sent once, and
-- another about its end.
create table refused_runs (
  execution_id text primary key,
  run_id text not null,
  input jsonb not null,
  reasons jsonb not null,
  started_at timestamptz not null,
  told_at timestamptz
);
create index refused_runs_started on refused_runs (started_at desc);

-- How every run that reached the database ended; `result` is null while it runs.
create view run_verdicts as
  select execution_id, run_id, input, started_at, result, status->'reasons' as reasons from runs
  union all select execution_id, run_id, input, started_at, 'failed', reasons from refused_runs;

-- What was released and taken back with `predictlab deploy`: Temporal knows where new runs go now, but not what came before.
-- A build of null: unversioned workers.
create table releases (
  id integer generated always as identity primary key,
  deployment text not null,
  action text not null,
  from_build text,
  to_build text,
  percent real,
  done_by text not null,
  at timestamptz not null default now()
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

-- What each window of a series' walk-forward picked and returned; the curves in a column of their own, since only a page reads them.
-- `basis` names everything the result depends on.
create table walk_forwards (
  id bigint generated always as identity primary key,
  run_id text not null,
  execution_id text not null,
  symbol text not null,
  instrument integer not null references instruments on delete cascade,
  price_type smallint not null,
  interval_minutes smallint not null,
  basis text not null,
  result jsonb not null,
  curves jsonb not null,
  created_at timestamptz not null default now(),
  unique (execution_id, symbol, instrument, price_type, interval_minutes)
);
create index walk_forwards_symbol on walk_forwards (symbol, execution_id);

-- Troubles by their root causes, and what was sent to whom about them.
create table incidents (
  id bigint generated always as identity primary key,
  -- what distinguishes one cause from another: stage, error type, venue, the message without what varies
  fingerprint text not null,
  cause text not null,
  venue text,
  opened_at timestamptz not null,
  seen_at timestamptz not null,
  closed_at timestamptz
);
create unique index incidents_open on incidents (fingerprint) where closed_at is null;

-- What an incident is about: a later look that finds the same thing well closes it.
create table incident_subjects (
  incident bigint not null references incidents on delete cascade,
  what text not null,
  subject text not null,
  is_symbol boolean not null,
  -- when the trouble was last seen, and the asOf of the run that met it; UTC epoch milliseconds
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

-- What is still to be sent to a sink; with told_at, what was sent.
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

-- What the watch of the workers remembers from one look to the next, and whose turn it is.
create table watch_state (
  name text primary key,
  state jsonb not null,
  at timestamptz not null
);

-- Parameters as `predictlab export` writes them, in the order in which their strategy declares them (`names`): jsonb keeps keys in an order of
-- its own, in which 30/70/14 is the RSI of 14 with bounds of 30 and 70. Parameters that `names` lacks come last.
create function params_text(params jsonb, names jsonb) returns text language sql immutable as $$
  select '{' || coalesce(string_agg(to_json(p.name)::text || ':' || p.value::text, ',' order by o.n, p.n), '') || '}'
  from jsonb_each(params) with ordinality as p(name, value, n)
    left join jsonb_array_elements_text(coalesce(names, '[]')) with ordinality as o(name, n) on o.name = p.name
$$;

-- What people read with psql, pandas or a dashboard: the rows of `predictlab export`, with its columns, under its names.
create view readable_ticks as
  select s.symbol, i.source, i.id as instrument, case t.kind when 0 then 'trade' else 'price' end as kind, to_timestamp(t.time / 1000.0) as time,
    t.price, t.size, case t.side when 1 then 'buy' when 0 then 'sell' end as side, t.outcome, t.trade_id
  from ticks t join instruments i on i.key = t.instrument join symbol_instruments s on s.instrument = i.key;

create view readable_candles as
  select s.symbol, i.source, i.id as instrument, case c.kind when 0 then 'trade' else 'price' end as price_type,
    case c.interval_minutes when 60 then '1h' when 120 then '2h' when 240 then '4h' when 360 then '6h' when 720 then '12h'
      when 1440 then '1d' when 10080 then '1w' else c.interval_minutes || 'm' end as interval,
    to_timestamp(c.open_time / 1000.0) as open_time, c.open, c.high, c.low, c.close, c.volume, c.quote_volume, c.buy_volume, c.trades, c.complete
  from candles c join instruments i on i.key = c.instrument join symbol_instruments s on s.instrument = i.key;

create view readable_coverage as
  select s.symbol, i.source, i.id as instrument, to_timestamp(lower(r) / 1000.0) as "from", to_timestamp(upper(r) / 1000.0) as "to",
    sum((select count(*) from ticks t where t.instrument = c.instrument and t.kind = c.kind and t.time >= lower(r) and t.time < upper(r)))::bigint as ticks,
    e.evidence
  from coverage c join instruments i on i.key = c.instrument join symbol_instruments s on s.instrument = i.key
    cross join lateral (values ('walked', c.ranges - c.confirmed - c.inferred), ('confirmed', c.confirmed), ('inferred', c.inferred)) as e(evidence, ranges)
    cross join lateral unnest(e.ranges) as r
  group by s.symbol, i.source, i.id, lower(r), upper(r), e.evidence;

create view readable_quarantine as
  select q.symbol, i.source, i.id as instrument, q.stage, q.reason, to_timestamp(q.time / 1000.0) as time, q.row
  from quarantine q join instruments i on i.key = q.instrument where q.healed_at is null;

-- The backtests of each symbol's newest run that has some.
create view readable_backtests as
  select b.symbol, i.source, i.id as instrument,
    case b.interval_minutes when 60 then '1h' when 120 then '2h' when 240 then '4h' when 360 then '6h' when 720 then '12h'
      when 1440 then '1d' when 10080 then '1w' else b.interval_minutes || 'm' end as interval,
    b.strategy, params_text(b.params, b.passport->'params') as params,
    (b.metrics->>'totalReturn')::float8 as total_return, (b.metrics->>'cagr')::float8 as cagr,
    (b.metrics->>'sharpe')::float8 as sharpe, (b.metrics->>'sortino')::float8 as sortino,
    (b.metrics->>'calmar')::float8 as calmar, (b.metrics->>'maxDrawdown')::float8 as max_drawdown,
    (b.metrics->>'volatility')::float8 as volatility, (b.metrics->>'winRate')::float8 as win_rate,
    (b.metrics->>'profitFactor')::float8 as profit_factor, (b.metrics->>'expectancy')::float8 as expectancy,
    (b.metrics->>'trades')::float8::bigint as trades, (b.metrics->>'exposure')::float8 as exposure,
    (b.metrics->>'turnover')::float8 as turnover, (b.metrics->>'fees')::float8 as fees,
    (b.metrics->>'finalEquity')::float8 as final_equity, (b.metrics->>'settlementPnl')::float8 as settlement_pnl,
    (b.metrics->>'markPnl')::float8 as mark_pnl, (b.metrics->>'brier')::float8 as brier,
    (b.metrics->>'logLoss')::float8 as log_loss, (b.metrics->>'probabilisticSharpe')::float8 as probabilistic_sharpe,
    (b.metrics->>'deflatedSharpe')::float8 as deflated_sharpe
  from backtests b join instruments i on i.key = b.instrument
  where b.execution_id = (select n.execution_id from backtests n where n.symbol = b.symbol order by n.id desc limit 1);

-- Marks and settlements are among them, so that pnl adds up to the equity's end. `offset 0`: the parameters once per backtest, not once per row.
create view readable_trades as
  select b.symbol, i.source, i.id as instrument,
    case b.interval_minutes when 60 then '1h' when 120 then '2h' when 240 then '4h' when 360 then '6h' when 720 then '12h'
      when 1440 then '1d' when 10080 then '1w' else b.interval_minutes || 'm' end as interval,
    b.strategy, o.params,
    to_timestamp((t->>'entryTime')::float8 / 1000) as entry_time, to_timestamp((t->>'exitTime')::float8 / 1000) as exit_time,
    t->>'side' as side, (t->>'size')::float8 as size, (t->>'entryPrice')::float8 as entry_price, (t->>'exitPrice')::float8 as exit_price,
    (t->>'pnl')::float8 as pnl, (t->>'fees')::float8 as fees
  from backtests b join instruments i on i.key = b.instrument
    cross join lateral (select params_text(b.params, b.passport->'params') as params offset 0) as o
    cross join lateral jsonb_array_elements(b.trades) with ordinality as x(t, n)
  where b.execution_id = (select n.execution_id from backtests n where n.symbol = b.symbol order by n.id desc limit 1);

create view readable_equity as
  select b.symbol, i.source, i.id as instrument,
    case b.interval_minutes when 60 then '1h' when 120 then '2h' when 240 then '4h' when 360 then '6h' when 720 then '12h'
      when 1440 then '1d' when 10080 then '1w' else b.interval_minutes || 'm' end as interval,
    b.strategy, o.params, to_timestamp(p.time::float8 / 1000) as time, p.equity::float8 as equity
  from backtests b join instruments i on i.key = b.instrument
    cross join lateral (select params_text(b.params, b.passport->'params') as params offset 0) as o
    cross join lateral rows from (jsonb_array_elements_text(b.equity->'time'), jsonb_array_elements_text(b.equity->'equity')) as p(time, equity)
  where b.execution_id = (select n.execution_id from backtests n where n.symbol = b.symbol order by n.id desc limit 1);

-- The walk-forwards of each symbol's newest run that has some.
create view readable_walk_forward as
  select f.symbol, i.source, i.id as instrument,
    case f.interval_minutes when 60 then '1h' when 120 then '2h' when 240 then '4h' when 360 then '6h' when 720 then '12h'
      when 1440 then '1d' when 10080 then '1w' else f.interval_minutes || 'm' end as interval,
    w.n as "window", to_timestamp((w.v->>'trainFrom')::float8 / 1000) as train_from, to_timestamp((w.v->>'trainTo')::float8 / 1000) as train_to,
    to_timestamp((w.v->>'testFrom')::float8 / 1000) as test_from, to_timestamp((w.v->>'testTo')::float8 / 1000) as test_to,
    w.v->>'strategy' as strategy, params_text(w.v->'params', w.v->'order') as params,
    (w.v->'inSample'->>'totalReturn')::float8 as in_sample_total_return, (w.v->'inSample'->>'sharpe')::float8 as in_sample_sharpe,
    (w.v->'inSample'->>'maxDrawdown')::float8 as in_sample_max_drawdown, (w.v->'inSample'->>'trades')::float8::bigint as in_sample_trades,
    (select coalesce(string_agg(k.name || ': ' || (w.v->'inSample'->'weak'->>k.name), '; ' order by k.n), '')
      from unnest(array['totalReturn', 'sharpe', 'maxDrawdown', 'trades']) with ordinality as k(name, n)
      where w.v->'inSample'->'weak' ? k.name) as in_sample_weak,
    (w.v->'outOfSample'->>'totalReturn')::float8 as out_of_sample_total_return, (w.v->'outOfSample'->>'sharpe')::float8 as out_of_sample_sharpe,
    (w.v->'outOfSample'->>'maxDrawdown')::float8 as out_of_sample_max_drawdown, (w.v->'outOfSample'->>'trades')::float8::bigint as out_of_sample_trades,
    (select coalesce(string_agg(k.name || ': ' || (w.v->'outOfSample'->'weak'->>k.name), '; ' order by k.n), '')
      from unnest(array['totalReturn', 'sharpe', 'maxDrawdown', 'trades']) with ordinality as k(name, n)
      where w.v->'outOfSample'->'weak' ? k.name) as out_of_sample_weak
  from walk_forwards f join instruments i on i.key = f.instrument
    cross join lateral jsonb_array_elements(f.result->'windows') with ordinality as w(v, n)
  where f.execution_id = (select n.execution_id from walk_forwards n where n.symbol = f.symbol order by n.id desc limit 1);
