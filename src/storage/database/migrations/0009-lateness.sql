-- How late a venue's rows were lately seen to come, and as of which run. A source that is not here has shown no more than is always expected.
create table source_lateness (
  source text primary key,
  lateness_ms bigint not null,
  seen_at bigint not null
);
-- Up to when somebody has looked: ticks that are younger than what is covered may be there, and what comes later was late.
alter table coverage add column looked bigint;
alter table staged_coverage add column looked bigint;
-- Coverage from here on that earlier runs claimed is taken back when this is stored.
alter table staged_coverage add column withdrawn_from bigint;
