import type { Instrument, QuarantineReason } from '../../contracts/market-data.ts';
import { mirrorPrice } from '../../market/mirror-price.ts';
import type { ReadRow } from '../candidate.ts';
import { otherSide, readName, readNumber, readScaled, readSide, readTime } from '../catalogue/scalars.ts';
import { isObject, type JsonObject, type RequiredFields } from '../catalogue/schema-drift.ts';

/** The required fields of a match; without one of them the schema has changed. */
export const MATCH_FIELDS: RequiredFields = [
  ['settlementId'],
  ['executedAt'],
  ['priceExecuted'],
  ['amountFilled'],
  ['taker.quoteType'],
  ['taker.outcome.indexSet', 'taker.outcome.onChainId'],
];

/**
 * Reads one match. Price and amount are integers scaled by 10^18. `priceExecuted` is the traded price of the taker's outcome
 * (`taker.price` is only the taker's limit). A match of the second outcome is mirrored.
 */
export function readMatch(row: unknown, instrument: Instrument): ReadRow {
  const match: JsonObject = isObject(row) ? row : {};
  const taker: JsonObject = isObject(match.taker) ? match.taker : {};
  const outcome: JsonObject = isObject(taker.outcome) ? taker.outcome : {};
  const id = readName(match.settlementId);
  const time = readTime(match.executedAt);
  const price = readScaled(match.priceExecuted);
  const size = readScaled(match.amountFilled);
  const side = readSide(taker.quoteType);
  const index = outcomeIndex(outcome, instrument);
  const mirrored = index === 1;
  const defect: QuarantineReason | null =
    time.defect ?? price.defect ?? size.defect ?? (index < 0 ? 'unknown-outcome' : side === null || id === null ? 'malformed' : null);
  return {
    kind: 'trade',
    time: time.value,
    price: mirrored && price.value !== null ? mirrorPrice(price.value) : price.value,
    size: size.value,
    side: mirrored ? otherSide(side) : side,
    outcome: readName(outcome.name) ?? (index < 0 ? null : (instrument.outcomes[index] ?? String(index))),
    tradeId: id,
    content: [],
    raw: JSON.stringify(row),
    defect,
  };
}

/** Index (0 or 1) of an outcome by its id on the chain, or by its index set (1, 2) without an id; −1 for an outcome of another market. */
function outcomeIndex({ onChainId, indexSet }: JsonObject, { outcomeIds }: Instrument): number {
  const id = readName(onChainId);
  if (id !== null) return outcomeIds.indexOf(id);
  const set = readNumber(indexSet).value;
  return set === 1 || set === 2 ? set - 1 : -1;
}
