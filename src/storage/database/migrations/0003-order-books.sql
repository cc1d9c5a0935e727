-- Every look at an order book: best prices of the first outcome and the units offered at them. at: UTC epoch milliseconds.
create table order_books (
  instrument integer not null references instruments on delete cascade,
  at bigint not null,
  bid double precision,
  ask double precision,
  bid_size double precision,
  ask_size double precision,
  primary key (instrument, at)
);
-- What was known before: the last look at each book.
insert into order_books (instrument, at, bid, ask)
  select key, (facts->'book'->>'at')::float8::bigint, (facts->'book'->>'bid')::float8, (facts->'book'->>'ask')::float8
  from instruments where jsonb_typeof(facts->'book') = 'object' and facts->'book'->>'at' is not null
  on conflict do nothing;

-- Proof, terms and spreads of stored results.
create or replace view readable_backtests as
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
    (b.metrics->>'deflatedSharpe')::float8 as deflated_sharpe,
    (b.metrics->'lookAhead'->>'changed')::float8::bigint as look_ahead_changed, b.metrics->>'provable' as provable,
    case when b.metrics ? 'terms' then (select coalesce(string_agg(d.term, '; ' order by d.n), '')
      from jsonb_array_elements_text(b.metrics->'terms'->'differs') with ordinality as d(term, n)) end as terms,
    (b.metrics->'spreads'->>'recorded')::float8::bigint as fills_recorded_spread,
    (b.metrics->'spreads'->>'default')::float8::bigint as fills_default_spread,
    (b.metrics->'spreads'->>'given')::float8::bigint as fills_given_spread,
    (b.metrics->'spreads'->>'unknown')::float8::bigint as fills_unknown_spread
  from backtests b join instruments i on i.key = b.instrument
  where b.execution_id = (select n.execution_id from backtests n where n.symbol = b.symbol order by n.id desc limit 1);

create or replace view readable_walk_forward as
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
      where w.v->'outOfSample'->'weak' ? k.name) as out_of_sample_weak,
    (f.result->'lookAhead'->>'changed')::float8::bigint as look_ahead_changed, f.result->>'provable' as provable
  from walk_forwards f join instruments i on i.key = f.instrument
    cross join lateral jsonb_array_elements(f.result->'windows') with ordinality as w(v, n)
  where f.execution_id = (select n.execution_id from walk_forwards n where n.symbol = f.symbol order by n.id desc limit 1);
