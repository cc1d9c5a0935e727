-- What runs went by: input, catalogue, plugins and code. Equal ones are one version, whatever came in between.
create table catalogues (
  hash text primary key,
  entries jsonb not null
);
create table configurations (
  version integer primary key,
  hash text not null unique,
  input jsonb not null,
  catalogue text not null references catalogues,
  -- SHA-256 of its code by module, as PREDICTLAB_PLUGINS names it
  plugins jsonb not null,
  -- the build that checked the input
  code text not null,
  at timestamptz not null default now()
);
-- Null in runs of before. schedule_id: which schedule started it.
alter table runs add column configuration integer references configurations, add column schedule_id text;
create index runs_configuration on runs (configuration);
