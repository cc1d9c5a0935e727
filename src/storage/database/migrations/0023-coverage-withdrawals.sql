-- From when on coverage of an instrument was taken back, counted per instrument. Whoever planned its walk before that may store later:
-- what it claims from there on rests on what is known to be wrong.
create table coverage_withdrawals (
  instrument integer not null references instruments on delete cascade,
  number integer not null,
  withdrawn_from bigint not null,
  at timestamptz not null default clock_timestamp(),
  primary key (instrument, number)
);
-- How many of them were known when the walk was planned; null where nobody walked (a file).
alter table staging_batches add column withdrawals integer;
