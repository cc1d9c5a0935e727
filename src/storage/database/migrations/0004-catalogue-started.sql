-- Whether anybody has put a symbol into the catalogue yet: until then a new database may be given the shipped one, after that an
-- empty catalogue is what its owner wants. A sequence, because it is no data: a restore of the symbols sets it by itself.
create sequence catalogue_started;

create function note_catalogue_started() returns trigger language plpgsql as $$
begin
  perform nextval('catalogue_started');
  return null;
end $$;

create trigger symbols_started after insert on symbols for each statement execute function note_catalogue_started();

select nextval('catalogue_started') where exists (select from symbols) or exists (select from runs);
