import type { Faults } from './faults.ts';
import type { Market } from './market.ts';
import { badRowOf, transactionHash, walletAddress } from './polymarket-trades.ts';
import { chance, mix } from './random.ts';
import type { RowWriter } from './trade-pages.ts';
import type { Trade } from './trades.ts';

/** A number of ticks as an integer text scaled by 10^18. */
const scaledTicks = (ticks: number, decimals: number): string => (ticks === 0 ? '0' : `${ticks}${'0'.repeat(18 - decimals)}`);

/** A number of millionths as an integer text scaled by 10^18. */
const scaledMicros = (micros: number): string => (micros === 0 ? '0' : `${micros}000000000000`);

/** The venue's id of a fill. It depends on the fill's place in its market, so that exact copies have different ids. */
export function settlementId(market: Market, trade: Trade): string {
  const hex = (value: number, digits: number): string => (value >>> 0).toString(16).padStart(8, '0').slice(0, digits);
  const second = mix(trade.time ^ market.seed);
  return `${hex(trade.transaction, 8)}-${hex(trade.place, 8).slice(4)}-7${hex(second, 3)}-8${hex(mix(second), 3)}-${hex(trade.time, 8)}${hex(second >>> 8, 4)}`;
}

interface Fields {
  readonly id: string;
  readonly executedAt: string;
  readonly price: string;
  readonly amount: string;
  readonly outcome: string;
}

function fieldsOf(market: Market, trade: Trade): Fields {
  const whole = 10 ** market.decimals;
  const token = market.tokens[trade.outcome];
  return {
    id: settlementId(market, trade),
    executedAt: `"${new Date(trade.time * 1000).toISOString()}"`,
    price: `"${scaledTicks(trade.outcome === 0 ? trade.ticks : whole - trade.ticks, market.decimals)}"`,
    amount: `"${scaledMicros(trade.sizeMicros)}"`,
    outcome: `{"indexSet":${trade.outcome + 1},"name":"${market.outcomes[trade.outcome]}","onChainId":"${token}"}`,
  };
}

function shape(market: Market, trade: Trade, f: Fields): string {
  const whole = 10 ** market.decimals;
  const traded = trade.outcome === 0 ? trade.ticks : whole - trade.ticks;
  // the taker's limit is at or beyond the price of the fill
  const slack = chance(trade.transaction, 'limit') < 0.3 ? 1 : 0;
  const limit = Math.min(whole - 1, Math.max(1, trade.buy ? traded + slack : traded - slack));
  const other = market.outcomes[1 - trade.outcome];
  const quote = trade.buy ? 'Bid' : 'Ask';
  return (
    `{"settlementId":"${f.id}","executedAt":${f.executedAt},"priceExecuted":${f.price},"amountFilled":${f.amount},` +
    `"transactionHash":"${transactionHash(trade.transaction)}","market":{"id":${market.number}},` +
    `"taker":{"amount":${f.amount},"price":"${scaledTicks(limit, market.decimals)}","quoteType":"${quote}","outcome":${f.outcome},` +
    `"fee":{"amount":"0","type":"SHARES"},"signer":"${walletAddress(trade.wallet)}","hash":"${transactionHash(trade.wallet)}"},` +
    `"makers":[{"amount":${f.amount},"price":"${scaledTicks(whole - traded, market.decimals)}","quoteType":"${quote}",` +
    `"outcome":{"indexSet":${2 - trade.outcome},"name":"${other}","onChainId":"${market.tokens[1 - trade.outcome]}"},` +
    `"hash":"${transactionHash(trade.wallet + 1)}"}]}`
  );
}

function spoiled(market: Market, trade: Trade, faults: Faults): string {
  const good = fieldsOf(market, trade);
  const bad = { ...good, id: `bad-${good.id}` };
  switch (badRowOf(faults, trade)) {
    case 'null-price':
      return shape(market, trade, { ...bad, price: 'null' });
    case 'nan':
      return shape(market, trade, { ...bad, price: '"NaN"' });
    case 'price-range':
      return shape(market, trade, { ...bad, price: '"1700000000000000000"' });
    case 'size-range':
      return shape(market, trade, { ...bad, amount: '"-5000000000000000000"' });
    case 'future':
      return shape(market, trade, { ...bad, executedAt: `"${new Date((trade.time + 400 * 86_400) * 1000).toISOString()}"` });
    case 'unknown-token':
      return shape(market, trade, { ...bad, outcome: '{"indexSet":9,"name":"Nobody","onChainId":"1234567890"}' });
    case 'missing-field':
      return shape(market, trade, bad).replace(/"priceExecuted":[^,]*,/, '');
  }
}

/** Creates the writer of the rows of `/v1/orders/matches`. */
export function predictRows(faults: () => Faults): RowWriter {
  return {
    write: (market, trade) => shape(market, trade, fieldsOf(market, trade)),
    writeContradiction: (market, trade) =>
      shape(market, trade, fieldsOf(market, { ...trade, ticks: trade.ticks > 1 ? trade.ticks - 1 : trade.ticks + 1 })),
    writeBad: (market, trade) => spoiled(market, trade, faults()),
  };
}
