-- A venue's price point is known by its time alone: of two at one time, the one that was stored later stays, as the venue revised it.
create temporary table revised_points on commit drop as
  select instrument, time, kind, identity from (
    select t.instrument, t.time, t.kind, t.identity, row_number() over (partition by t.instrument, t.time order by t.seq desc) as place
    from ticks t join instruments i on i.key = t.instrument where t.kind = 1 and i.source = 'polymarket'
  ) x where place > 1;

delete from ticks t using revised_points r
  where t.instrument = r.instrument and t.time = r.time and t.kind = r.kind and t.identity = r.identity;

update instrument_state set version = version + 1 where instrument in (select instrument from revised_points);

update tick_hours h set ticks = h.ticks - r.gone, version = s.version
  from (select instrument, kind, (time / 3600000)::int as hour, count(*)::int as gone from revised_points group by 1, 2, 3) r
  join instrument_state s on s.instrument = r.instrument
  where h.instrument = r.instrument and h.kind = r.kind and h.hour = r.hour;

update ticks t set identity = 'point' from instruments i where i.key = t.instrument and i.source = 'polymarket' and t.kind = 1;
