import { BAD_ROWS, type BadRow, type Faults } from './faults.ts';
import type { Market } from './market.ts';
import { chance, hash, mix } from './random.ts';
import type { RowWriter } from './trade-pages.ts';
import type { Trade } from './trades.ts';

const hex8 = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');

/** A transaction hash, the same for all fills of a transaction. */
export function transactionHash(transaction: number): string {
  const a = hex8(transaction);
  const b = hex8(mix(transaction));
  const c = hex8(mix(transaction + 1));
  return `0x${a}${b}${c}${a}${c}${b}${b}${a}`;
}

/** A wallet's address. */
export function walletAddress(wallet: number): string {
  const a = hex8(mix(wallet));
  const b = hex8(mix(wallet + 77));
  return `0x${a}${b}${a}${b}${a}`;
}

/** Which defect the bad row after a trade has. */
export function badRowOf(faults: Faults, trade: Trade): BadRow {
  const kinds = faults.badRowKinds ?? BAD_ROWS;
  return kinds[hash(trade.transaction, trade.place, 'kind') % kinds.length];
}

/** The price of the outcome that was traded, as the venue writes it. */
export function tradedPrice(market: Market, trade: Trade): number {
  const whole = 10 ** market.decimals;
  return (trade.outcome === 0 ? trade.ticks : whole - trade.ticks) / whole;
}

interface Fields {
  readonly wallet: number;
  readonly side: string;
  readonly token: string;
  readonly size: string;
  readonly price: string;
  readonly time: number;
  readonly transaction: string;
}

type Shape = (market: Market, trade: Trade, fields: Fields) => string;

const v2: Shape = (market, trade, f) =>
  `{"proxy_wallet":"${walletAddress(f.wallet)}","side":"${f.side}","token_id":${f.token},"condition_id":"${market.conditionId}",` +
  `"size":${f.size},"price":${f.price},"timestamp":${f.time},"title":${JSON.stringify(market.question)},"slug":"${market.slug}",` +
  `"icon":"","event_slug":"${market.group.slug}","outcome":"${market.outcomes[trade.outcome]}","outcome_index":${trade.outcome},` +
  `"name":"","pseudonym":"","bio":"","profile_image":"","profile_image_optimized":"","event_id":"${market.group.id}",` +
  `"transaction_hash":"${f.transaction}"}`;

const v1: Shape = (market, trade, f) =>
  `{"proxyWallet":"${walletAddress(f.wallet)}","side":"${f.side}","asset":${f.token},"conditionId":"${market.conditionId}",` +
  `"size":${f.size},"price":${f.price},"timestamp":${f.time},"title":${JSON.stringify(market.question)},"slug":"${market.slug}",` +
  `"icon":"","eventSlug":"${market.group.slug}","outcome":"${market.outcomes[trade.outcome]}","outcomeIndex":${trade.outcome},` +
  `"name":"","pseudonym":"","bio":"","profileImage":"","profileImageOptimized":"","transactionHash":"${f.transaction}"}`;

function fieldsOf(market: Market, trade: Trade, faults: Faults): Fields {
  const size = String(trade.sizeMicros / 1e6);
  const price = String(tradedPrice(market, trade));
  const text = faults.textNumbers !== undefined && chance(trade.transaction, trade.place, 'text') < faults.textNumbers;
  return {
    wallet: trade.wallet,
    side: trade.buy ? 'BUY' : 'SELL',
    token: `"${market.tokens[trade.outcome]}"`,
    size: text ? `"${size}"` : size,
    price: text ? `"${price}"` : price,
    time: trade.time,
    transaction: transactionHash(trade.transaction),
  };
}

/** A row that cannot become a tick, beside the trade it was made from. */
function spoil(kind: BadRow, fields: Fields, trade: Trade): Fields {
  const bad = { ...fields, transaction: transactionHash(mix(trade.transaction + trade.place + 13)) };
  switch (kind) {
    case 'null-price':
      return { ...bad, price: 'null' };
    case 'nan':
      return { ...bad, price: '"NaN"' };
    case 'price-range':
      return { ...bad, price: '1.7' };
    case 'size-range':
      return { ...bad, size: '-5' };
    case 'future':
      return { ...bad, time: trade.time + 400 * 86_400 };
    case 'unknown-token':
      return { ...bad, token: '"1234567890"' };
    case 'missing-field':
      return bad;
  }
}

/** Rows of the Data API, v1 (camelCase) or v2 (snake_case). */
export function polymarketRows(version: 1 | 2, faults: () => Faults): RowWriter {
  const shape = version === 1 ? v1 : v2;
  return {
    write: (market, trade) => shape(market, trade, fieldsOf(market, trade, faults())),
    writeMaker: (market, trade) => {
      const fields = fieldsOf(market, trade, faults());
      return shape(market, trade, { ...fields, wallet: trade.wallet + 5000, side: trade.buy ? 'SELL' : 'BUY' });
    },
    writeBad: (market, trade) => {
      const kind = badRowOf(faults(), trade);
      const row = shape(market, trade, spoil(kind, fieldsOf(market, trade, faults()), trade));
      return kind === 'missing-field' ? row.replace(/"price":[^,]*,/, '') : row;
    },
  };
}
