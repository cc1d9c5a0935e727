-- low: worth knowing, sends no alert by default (a venue that announced a change). normal: something needs an operator.
alter table incidents add column severity text not null default 'normal' check (severity in ('low', 'normal'));

-- The second witness counts the rows of one instrument at each look; the unique key starts with the symbol.
create index quarantine_instrument on quarantine (instrument) where healed_at is null;
