-- What people read with psql, pandas or a dashboard: the rows of `predictlab export`, with its columns, under its names.
drop view readable_ticks, readable_candles, readable_coverage;

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
    sum((select count(*) from ticks t where t.instrument = c.instrument and t.kind = c.kind and t.time >= lower(r) and t.time < upper(r)))::bigint as ticks
  from coverage c join instruments i on i.key = c.instrument join symbol_instruments s on s.instrument = i.key cross join lateral unnest(c.ranges) as r
  group by s.symbol, i.source, i.id, lower(r), upper(r);

create view readable_quarantine as
  select q.symbol, i.source, i.id as instrument, q.stage, q.reason, to_timestamp(q.time / 1000.0) as time, q.row
  from quarantine q join instruments i on i.key = q.instrument;

-- Of each symbol's newest run that has backtests.
create view readable_backtests as
  select b.symbol, i.source, i.id as instrument,
    case b.interval_minutes when 60 then '1h' when 120 then '2h' when 240 then '4h' when 360 then '6h' when 720 then '12h'
      when 1440 then '1d' when 10080 then '1w' else b.interval_minutes || 'm' end as interval,
    b.strategy, b.params::text as params,
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

-- Marks and settlements are among them, so that pnl adds up to the equity's end.
create view readable_trades as
  select b.symbol, i.source, i.id as instrument,
    case b.interval_minutes when 60 then '1h' when 120 then '2h' when 240 then '4h' when 360 then '6h' when 720 then '12h'
      when 1440 then '1d' when 10080 then '1w' else b.interval_minutes || 'm' end as interval,
    b.strategy, b.params::text as params,
    to_timestamp((t->>'entryTime')::float8 / 1000) as entry_time, to_timestamp((t->>'exitTime')::float8 / 1000) as exit_time,
    t->>'side' as side, (t->>'size')::float8 as size, (t->>'entryPrice')::float8 as entry_price, (t->>'exitPrice')::float8 as exit_price,
    (t->>'pnl')::float8 as pnl, (t->>'fees')::float8 as fees
  from backtests b join instruments i on i.key = b.instrument
    cross join lateral jsonb_array_elements(b.trades) with ordinality as x(t, n)
  where b.execution_id = (select n.execution_id from backtests n where n.symbol = b.symbol order by n.id desc limit 1);

create view readable_equity as
  select b.symbol, i.source, i.id as instrument,
    case b.interval_minutes when 60 then '1h' when 120 then '2h' when 240 then '4h' when 360 then '6h' when 720 then '12h'
      when 1440 then '1d' when 10080 then '1w' else b.interval_minutes || 'm' end as interval,
    b.strategy, b.params::text as params, to_timestamp(p.time::float8 / 1000) as time, p.equity::float8 as equity
  from backtests b join instruments i on i.key = b.instrument
    cross join lateral rows from (jsonb_array_elements_text(b.equity->'time'), jsonb_array_elements_text(b.equity->'equity')) as p(time, equity)
  where b.execution_id = (select n.execution_id from backtests n where n.symbol = b.symbol order by n.id desc limit 1);
