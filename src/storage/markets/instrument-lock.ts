import type { Transaction } from '../database/database.ts';

export interface InstrumentState {
  readonly nextSeq: number;
  /** Rises whenever ticks change. */
  readonly version: number;
  /** Whether ticks of the instrument were moved to the lake. */
  readonly hasMoved: boolean;
}

/** Locks instruments until the transaction ends, before ticks are stored or candles built. Locks by ascending key, to avoid deadlocks. */
export async function lockInstruments(
  transaction: Transaction,
  instrumentKeys: readonly number[],
): Promise<ReadonlyMap<number, InstrumentState>> {
  const { rows } = await transaction.query<InstrumentState & { instrument: number }>(
    `select instrument, next_seq as "nextSeq", version, moved <> '{}' as "hasMoved" from instrument_state where instrument = any($1) order by instrument for no key update`,
    [instrumentKeys],
  );
  return new Map(rows.map(({ instrument, ...state }) => [instrument, state]));
}
