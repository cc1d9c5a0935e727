-- universe: a rule that names many markets; shard: a symbol that runs derive from a universe, with about 500 of its markets.
alter table symbols add column kind text not null default 'symbol' check (kind in ('symbol', 'universe', 'shard'));
alter table symbols add column universe text references symbols on delete cascade;
create index symbols_universe on symbols (universe) where universe is not null;

-- Every market that was ever a member. Members stay until they have settled and their end was collected. Times: UTC epoch milliseconds.
create table universe_members (
  universe text not null,
  -- id of the instrument; its row in instruments exists after its first collection
  instrument text not null,
  source text not null,
  shard text not null,
  event text not null,
  since bigint not null,
  until bigint,
  -- the venue's facts, and their hash without the time of the answer
  listed jsonb not null,
  print text not null,
  -- the venue's clock at the first listing with these facts
  moved_at bigint not null,
  -- a walk at or after walked_at found no trade after walked_to, which its coverage records once it is stored
  walked_at bigint,
  walked_to bigint,
  primary key (universe, instrument)
);
create index universe_members_shard on universe_members (shard) where until is null;

-- Every listing of a universe at one venue.
create table universe_listings (
  universe text not null,
  source text not null,
  as_of bigint not null,
  started_at bigint not null,
  ended_at bigint not null,
  markets integer not null,
  added integer not null,
  -- known members whose stated volume was another one than at the listing before
  moved integer not null,
  requests integer not null,
  primary key (universe, source, as_of)
);
