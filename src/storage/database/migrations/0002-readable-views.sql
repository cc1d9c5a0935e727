-- For people with psql: the same data with names and timestamps.

create view readable_ticks as
  select i.id as instrument, case t.kind when 0 then 'trade' else 'price' end as kind, to_timestamp(t.time / 1000.0) as time,
    t.price, t.size, case t.side when 1 then 'buy' when 0 then 'sell' end as side, t.outcome, t.trade_id, t.seq
  from ticks t join instruments i on i.key = t.instrument;

create view readable_candles as
  select i.id as instrument, case c.kind when 0 then 'trade' else 'price' end as price_type,
    make_interval(mins => c.interval_minutes) as interval, to_timestamp(c.open_time / 1000.0) as open_time,
    c.open, c.high, c.low, c.close, c.volume, c.quote_volume, c.buy_volume, c.trades, c.complete, c.coverage, c.revision
  from candles c join instruments i on i.key = c.instrument;

create view readable_coverage as
  select i.id as instrument, case c.kind when 0 then 'trade' else 'price' end as kind,
    to_timestamp(lower(r) / 1000.0) as from_time, to_timestamp(upper(r) / 1000.0) as to_time
  from coverage c join instruments i on i.key = c.instrument cross join lateral unnest(c.ranges) as r;
