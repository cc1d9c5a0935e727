-- What each window of a series' walk-forward picked and brought; the curves apart, since only a page reads them. `basis` names all it comes from.
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

-- Of each symbol's newest run that has walk-forwards: the rows of `predictlab export walk-forward`.
create view readable_walk_forward as
  select f.symbol, i.source, i.id as instrument,
    case f.interval_minutes when 60 then '1h' when 120 then '2h' when 240 then '4h' when 360 then '6h' when 720 then '12h'
      when 1440 then '1d' when 10080 then '1w' else f.interval_minutes || 'm' end as interval,
    w.n as "window", to_timestamp((w.v->>'trainFrom')::float8 / 1000) as train_from, to_timestamp((w.v->>'trainTo')::float8 / 1000) as train_to,
    to_timestamp((w.v->>'testFrom')::float8 / 1000) as test_from, to_timestamp((w.v->>'testTo')::float8 / 1000) as test_to,
    w.v->>'strategy' as strategy, (w.v->'params')::text as params,
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
