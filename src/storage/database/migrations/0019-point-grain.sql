-- How many seconds a price point stands for, null for trades and for points from before; and the time of which points of a grain were
-- collected: coarser ones give way there. What was covered before counts as the finest: nothing is known that would be better.
alter table ticks add column grain integer;
alter table staged_rows add column grain integer;

create table point_grains (
  instrument integer not null references instruments on delete cascade,
  grain integer not null,
  ranges int8multirange not null,
  primary key (instrument, grain)
);

create table staged_grains (
  batch integer not null references staging_batches on delete cascade,
  grain integer not null,
  ranges int8multirange not null,
  primary key (batch, grain)
);

insert into point_grains (instrument, grain, ranges)
  select c.instrument, 60, c.ranges from coverage c join instruments i on i.key = c.instrument where c.kind = 1 and i.source <> 'file';
