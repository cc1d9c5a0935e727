-- Parameters as `predictlab export` writes them, in the order in which their strategy declares them: jsonb keeps keys in one of its own, in which
-- 30/70/14 is the RSI of 14 with bounds of 30 and 70. `names` has that order; what was stored before there was one stays as jsonb has it.
create function params_text(params jsonb, names jsonb) returns text language sql immutable as $$
  select '{' || coalesce(string_agg(to_json(p.name)::text || ':' || p.value::text, ',' order by o.n, p.n), '') || '}'
  from jsonb_each(params) with ordinality as p(name, value, n)
    left join jsonb_array_elements_text(coalesce(names, '[]')) with ordinality as o(name, n) on o.name = p.name
$$;

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
    (b.metrics->>'deflatedSharpe')::float8 as deflated_sharpe
  from backtests b join instruments i on i.key = b.instrument
  where b.execution_id = (select n.execution_id from backtests n where n.symbol = b.symbol order by n.id desc limit 1);

-- `offset 0`: once a backtest, not once a row.
create or replace view readable_trades as
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

create or replace view readable_equity as
  select b.symbol, i.source, i.id as instrument,
    case b.interval_minutes when 60 then '1h' when 120 then '2h' when 240 then '4h' when 360 then '6h' when 720 then '12h'
      when 1440 then '1d' when 10080 then '1w' else b.interval_minutes || 'm' end as interval,
    b.strategy, o.params, to_timestamp(p.time::float8 / 1000) as time, p.equity::float8 as equity
  from backtests b join instruments i on i.key = b.instrument
    cross join lateral (select params_text(b.params, b.passport->'params') as params offset 0) as o
    cross join lateral rows from (jsonb_array_elements_text(b.equity->'time'), jsonb_array_elements_text(b.equity->'equity')) as p(time, equity)
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
      where w.v->'outOfSample'->'weak' ? k.name) as out_of_sample_weak
  from walk_forwards f join instruments i on i.key = f.instrument
    cross join lateral jsonb_array_elements(f.result->'windows') with ordinality as w(v, n)
  where f.execution_id = (select n.execution_id from walk_forwards n where n.symbol = f.symbol order by n.id desc limit 1);
