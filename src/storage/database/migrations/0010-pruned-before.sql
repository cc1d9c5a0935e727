-- Up to where ticks, or candles, of an instrument were pruned: what is kept of the other there cannot be built from them, nor compared.
alter table instrument_state add column ticks_pruned_before bigint, add column candles_pruned_before bigint;
