import type { Instrument, QuarantineReason } from '../../contracts/market-data.ts';
import { mirrorPrice } from '../../market/mirror-price.ts';
import type { ReadRow } from '../candidate.ts';
import { otherSide, readName, readNumber, readSide, readTime } from '../catalogue/scalars.ts';
import { isObject, type JsonObject, type RequiredFields } from '../catalogue/schema-drift.ts';

/**
 * The fields of a trade, by their names in Data v2 (snake case) and in the older v1 (camel case). Those that only make its
 * identity are among them: were one renamed, every trade would be taken for a new one.
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
 * Reads one trade of either Data API version. A trade of the second outcome is mirrored: price → 1 − price, side flipped,
 * `outcome` keeps what was traded. What cannot be read becomes null, and `defect` says why.
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

/** The venue's name of the outcome, its index where there is none; 999 is the venue's "unlabelled". */
function outcomeName(row: JsonObject, index: number, { outcomes }: Instrument): string | null {
  const name = readName(row.outcome);
  if (name !== null) return name;
  if (index >= 0) return outcomes[index] ?? String(index);
  const label = row.outcome_index ?? row.outcomeIndex;
  return label === undefined || label === 999 ? null : readName(label);
}
