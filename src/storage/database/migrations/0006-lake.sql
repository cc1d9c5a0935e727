-- The lake: a folder of Parquet files with ticks of whole months that were moved out of `ticks`. At most one row.
-- revision rises whenever ticks move in or out.
create table lake (
  folder text not null,
  revision bigint not null default 0,
  is_only boolean primary key default true check (is_only)
);

-- The committed files of the lake. manifest.json in the folder repeats them for other programs.
create table lake_files (
  -- below the folder
  path text primary key,
  -- start of the month, UTC epoch milliseconds
  month bigint not null,
  source text not null,
  rows bigint not null,
  bytes bigint not null,
  sha256 text not null,
  -- when the file was last changed, UTC epoch milliseconds: a file with these bytes and this time is not hashed again
  modified double precision not null
);

-- The time whose ticks are in the lake instead of `ticks`.
alter table instrument_state add column moved int8multirange not null default '{}';
