import type { Transaction } from '../database/database.ts';

/** Where an instrument's ticks stand. */
export interface InstrumentState {
  /** The sequence number of the next tick. */
  readonly nextSeq: number;
  /** Rises whenever ticks change. */
  readonly version: number;
}

/**
 * Until the transaction ends nobody else stores into, or builds candles of, these instruments. Always in the order of their
 * keys, so that two transactions do not wait for each other in a circle.
 */
export async function lockInstruments(
  transaction: Transaction,
  instrumentKeys: readonly number[],
): Promise<ReadonlyMap<number, InstrumentState>> {
  const { rows } = await transaction.query<{ instrument: number; next_seq: number; version: number }>(
    'select instrument, next_seq, version from instrument_state where instrument = any($1) order by instrument for no key update',
    [instrumentKeys],
  );
  return new Map(rows.map((row) => [row.instrument, { nextSeq: row.next_seq, version: row.version }]));
}
