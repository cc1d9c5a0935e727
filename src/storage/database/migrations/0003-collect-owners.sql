-- Which attempt of collect may stage rows for a run's symbol. An attempt that slept through its own heartbeat (a laptop lid, a long
-- pause) may wake while the next one is at work: it must not write over that one's pages. No row: nobody may.
create table collect_owners (
  execution_id text not null,
  symbol text not null,
  owner uuid not null,
  primary key (execution_id, symbol)
);
