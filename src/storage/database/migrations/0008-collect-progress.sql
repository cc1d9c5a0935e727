-- Where the collection of one instrument stands in one run: written with each staged page, so that a later attempt goes on right after it.
create table collect_progress (
  batch integer primary key references staging_batches on delete cascade,
  pages integer not null,
  requests integer not null,
  cursor jsonb,
  done boolean not null
);
