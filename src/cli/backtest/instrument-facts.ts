import type { Instrument } from '../../contracts/market-data.ts';
import type { Cell, CellType } from '../../files/write/table.ts';

const settled = ({ resolution }: Instrument) => (resolution.kind === 'settled' ? resolution : undefined);

/** The facts in `export instruments`; `state` is `open`, or how far the result is known. */
export const FACTS: readonly (readonly [column: string, type: CellType, cell: (instrument: Instrument) => Cell])[] = [
  ['title', 'text', ({ title }) => title],
  ['first_outcome', 'text', ({ outcomes }) => outcomes[0] ?? null],
  ['second_outcome', 'text', ({ outcomes }) => outcomes[1] ?? null],
  ['event', 'text', ({ event }) => event ?? null],
  ['opens_at', 'time', ({ opensAt }) => opensAt],
  ['ends_at', 'time', ({ endsAt }) => endsAt ?? null],
  ['closed_at', 'time', ({ closedAt }) => closedAt ?? null],
  ['state', 'text', (one) => one.settlement?.state ?? (settled(one) === undefined ? 'open' : 'final')],
  ['payout', 'number', (one) => (one.settlement === undefined ? (settled(one)?.payout ?? null) : one.settlement.payout)],
  ['settled_at', 'time', (one) => settled(one)?.at ?? null],
  // The signs of the result as one text: `status resolved, finalPrice 1/0`.
  ['signs', 'text', ({ settlement }) => settlement?.signs.map(({ sign, said }) => `${sign} ${said}`).join(', ') || null],
  ['missing', 'text', ({ settlement }) => settlement?.missing ?? null],
  ['stated_volume', 'number', ({ stated }) => stated?.volume ?? null],
  ['tick_size', 'number', ({ tickSize }) => tickSize],
  ['twins', 'text', ({ twins }) => twins.join(' ') || null],
  ['reference', 'text', ({ reference }) => reference],
];
