-- Identity of the lake, which its manifest states too: two databases that name one folder would remove each other's files.
alter table lake add column id uuid not null default gen_random_uuid();
