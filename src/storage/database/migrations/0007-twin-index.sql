-- Which markets name a market as their twin: pages and strategies ask it for every market that they show.
create index instruments_twins on instruments using gin ((facts->'twins')) where facts->'twins' <> '[]';
