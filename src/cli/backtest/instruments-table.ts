import type { Instrument } from '../../contracts/market-data.ts';
import type { Cell, CellType } from '../../files/write/table.ts';

/** Columns of `export instruments` after symbol, source and instrument. */
export const INSTRUMENT_COLUMNS = {
  title: 'text',
  first_outcome: 'text',
  second_outcome: 'text',
  event: 'text',
  opens_at: 'time',
  ends_at: 'time',
  closed_at: 'time',
  state: 'text',
  payout: 'number',
  settled_at: 'time',
  signs: 'text',
  missing: 'text',
  stated_volume: 'number',
  tick_size: 'number',
  twins: 'text',
  reference: 'text',
} as const satisfies Record<string, CellType>;

/** The signs of a market's result as one text: `status resolved, finalPrice 1/0`. */
export const signsText = ({ settlement }: Pick<Instrument, 'settlement'>): string | null =>
  settlement === undefined ? null : settlement.signs.map(({ sign, said }) => `${sign} ${said}`).join(', ') || null;

/** An instrument's facts as cells. `state` is `open`, or how far its result is known. */
export const instrumentCells = (instrument: Instrument): Cell[] => {
  const { settlement, resolution, outcomes, opensAt, stated, twins } = instrument;
  const settled = resolution.kind === 'settled' ? resolution : undefined;
  return [
    instrument.title,
    outcomes[0] ?? null,
    outcomes[1] ?? null,
    instrument.event ?? null,
    opensAt,
    instrument.endsAt ?? null,
    instrument.closedAt ?? null,
    settlement?.state ?? (settled === undefined ? 'open' : 'final'),
    settlement === undefined ? (settled?.payout ?? null) : settlement.payout,
    settled?.at ?? null,
    signsText(instrument),
    settlement?.missing ?? null,
    stated?.volume ?? null,
    instrument.tickSize,
    twins.join(' ') || null,
    instrument.reference,
  ];
};
