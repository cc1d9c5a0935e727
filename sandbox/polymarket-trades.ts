import { BAD_ROWS, type BadRow, type Faults } from './faults.ts';
import type { Market } from './market.ts';
import { chance, hash, mix } from './random.ts';
import type { RowWriter } from './trade-pages.ts';
import { type Trade, tradedPrice } from './trades.ts';

const HEX = Array.from({ length: 0x1_0000 }, (_, value) => value.toString(16).padStart(4, '0'));
const hex8 = (value: number): string => HEX[value >>> 16] + HEX[value & 0xffff];

let lastTransaction = -1;
let lastHash = '';

/** The hash of a transaction, the same for all of its fills. */
export function transactionHash(transaction: number): string {
  // fills of one transaction are written consecutively
  if (transaction === lastTransaction) return lastHash;
  const a = hex8(transaction);
  const b = hex8(mix(transaction));
  const c = hex8(mix(transaction + 1));
  lastTransaction = transaction;
  lastHash = `0x${a}${b}${c}${a}${c}${b}${b}${a}`;
  return lastHash;
}

const wallets = new Map<number, string>();

/** The address of a wallet. */
export function walletAddress(wallet: number): string {
  let address = wallets.get(wallet);
  if (address === undefined) {
    const a = hex8(mix(wallet));
    const b = hex8(mix(wallet + 77));
    wallets.set(wallet, (address = `0x${a}${b}${a}${b}${a}`));
  }
  return address;
}

/** The kind of the bad row that follows a trade. */
export function badRowOf(faults: Faults, trade: Trade): BadRow {
  const kinds = faults.badRowKinds ?? BAD_ROWS;
  return kinds[hash(trade.transaction, trade.place, 'kind') % kinds.length];
}

interface Fields {
  readonly wallet: number;
  readonly buy: boolean;
  /** Token id that replaces that of the traded outcome. */
  readonly token?: string;
  readonly size: string;
  readonly price: string;
  readonly time: number;
  readonly transaction: number;
}

/** Field names of a row, and the part of a row that is the same for all trades of one outcome. */
interface Shape {
  readonly wallet: string;
  readonly transaction: string;
  readonly rest: (market: Market, outcome: 0 | 1, token: string) => string;
}

const v2: Shape = {
  wallet: 'proxy_wallet',
  transaction: 'transaction_hash',
  rest: (market, outcome, token) =>
    `","token_id":"${token}","condition_id":"${market.conditionId}","title":${JSON.stringify(market.question)},"slug":"${market.slug}",` +
    `"icon":"","event_slug":"${market.group.slug}","outcome":"${market.outcomes[outcome]}","outcome_index":${outcome},` +
    `"name":"","pseudonym":"","bio":"","profile_image":"","profile_image_optimized":""}`,
};

const v1: Shape = {
  wallet: 'proxyWallet',
  transaction: 'transactionHash',
  rest: (market, outcome, token) =>
    `","asset":"${token}","conditionId":"${market.conditionId}","title":${JSON.stringify(market.question)},"slug":"${market.slug}",` +
    `"icon":"","eventSlug":"${market.group.slug}","outcome":"${market.outcomes[outcome]}","outcomeIndex":${outcome},` +
    `"name":"","pseudonym":"","bio":"","profileImage":"","profileImageOptimized":""}`,
};

function fieldsOf(market: Market, trade: Trade, faults: Faults): Fields {
  const size = String(trade.sizeMicros / 1e6);
  const price = String(tradedPrice(market, trade));
  const text = faults.textNumbers !== undefined && chance(trade.transaction, trade.place, 'text') < faults.textNumbers;
  return {
    wallet: trade.wallet,
    buy: trade.buy,
    size: text ? `"${size}"` : size,
    price: text ? `"${price}"` : price,
    time: trade.time,
    transaction: trade.transaction,
  };
}

/** The fields of a bad row, made from those of the trade that it follows. */
function spoil(kind: BadRow, fields: Fields, trade: Trade): Fields {
  const bad = { ...fields, transaction: mix(trade.transaction + trade.place + 13) };
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
      return { ...bad, token: '1234567890' };
    case 'missing-field':
      return bad;
  }
}

/** Creates the writer of the Data API's rows, in v1 (camelCase) or v2 (snake_case). */
export function polymarketRows(version: 1 | 2, faults: () => Faults): RowWriter {
  const shape = version === 1 ? v1 : v2;
  const rests = new Map<Market, readonly [string, string]>();

  function restOf(market: Market, outcome: 0 | 1): string {
    let rest = rests.get(market);
    if (rest === undefined) rests.set(market, (rest = [shape.rest(market, 0, market.tokens[0]), shape.rest(market, 1, market.tokens[1])]));
    return rest[outcome];
  }

  const row = (market: Market, trade: Trade, f: Fields): string =>
    `{"${shape.wallet}":"${walletAddress(f.wallet)}${f.buy ? '","side":"BUY","size":' : '","side":"SELL","size":'}${f.size},"price":${f.price},` +
    `"timestamp":${f.time},"${shape.transaction}":"${transactionHash(f.transaction)}` +
    (f.token === undefined ? restOf(market, trade.outcome) : shape.rest(market, trade.outcome, f.token));

  return {
    write: (market, trade) => row(market, trade, fieldsOf(market, trade, faults())),
    writeMaker: (market, trade) => {
      const fields = fieldsOf(market, trade, faults());
      return row(market, trade, { ...fields, wallet: trade.wallet + 5000, buy: !trade.buy });
    },
    writeBad: (market, trade) => {
      const kind = badRowOf(faults(), trade);
      const text = row(market, trade, spoil(kind, fieldsOf(market, trade, faults()), trade));
      return kind === 'missing-field' ? text.replace(/"price":[^,]*,/, '') : text;
    },
  };
}
