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
