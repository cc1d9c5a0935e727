import type { Instrument, QuarantineReason } from '../../contracts/market-data.ts';
import { mirrorPrice } from '../../market/mirror-price.ts';
import type { ReadRow } from '../candidate.ts';
import { otherSide, readName, readNumber, readSide, readTime } from '../catalogue/scalars.ts';
import { isObject, type JsonObject, type RequiredFields } from '../catalogue/schema-drift.ts';

/**
 * The required fields of a trade, by their names in Data v2 (snake case) and in the older v1 (camel case). They include the fields that
 * are only part of the identity: if one were renamed, every trade would look new.
 */
export const TRADE_FIELDS: RequiredFields = [
  ['token_id', 'asset'],
  ['side'],
  ['price'],
  ['size'],
  ['timestamp'],
  ['transaction_hash', 'transactionHash'],
  ['proxy_wallet', 'proxyWallet'],
];

/**
 * Reads one trade of either Data API version. A trade of the second outcome is mirrored: price becomes 1 − price, the side is reversed,
 * and `outcome` keeps the traded outcome. A field that cannot be read becomes null, and `defect` gives the reason.
 */
export function readTrade(row: unknown, instrument: Instrument): ReadRow {
  const raw = JSON.stringify(row);
  if (!isObject(row)) return { ...NOTHING, raw };
  const token = readName(row.token_id ?? row.asset);
  const index = token === null ? -1 : instrument.outcomeIds.indexOf(token);
  const time = readTime(row.timestamp);
  const price = readNumber(row.price);
  const size = readNumber(row.size);
  const side = readSide(row.side);
  const mirrored = index === 1;
  const defect: QuarantineReason | null =
    time.defect ?? price.defect ?? size.defect ?? (index < 0 ? 'unknown-outcome' : side === null ? 'malformed' : null);
  return {
    kind: 'trade',
    time: time.value,
    price: mirrored && price.value !== null ? mirrorPrice(price.value) : price.value,
    size: size.value,
    side: mirrored ? otherSide(side) : side,
    outcome: outcomeName(row, index, instrument),
    tradeId: null,
    content: [
      readName(row.transaction_hash ?? row.transactionHash),
      token,
      readName(row.proxy_wallet ?? row.proxyWallet),
      side,
      price.value,
      size.value,
      time.value,
    ],
    raw,
    defect,
  };
}

const NOTHING: Omit<ReadRow, 'raw'> = {
  kind: 'trade',
  time: null,
  price: null,
  size: null,
  side: null,
  outcome: null,
  tradeId: null,
  content: [],
  defect: 'malformed',
};

/** The venue's name of the outcome, or its index where there is no name; 999 is the venue's index of an unlabelled outcome. */
function outcomeName(row: JsonObject, index: number, { outcomes }: Instrument): string | null {
  const name = readName(row.outcome);
  if (name !== null) return name;
  if (index >= 0) return outcomes[index] ?? String(index);
  const label = row.outcome_index ?? row.outcomeIndex;
  return label === undefined || label === 999 ? null : readName(label);
}
