-- Pairs of instrument ids that the user accepted as twins: [["kalshi:A", "polymarket:0x1"], …].
alter table symbols add column twins jsonb not null default '[]';
