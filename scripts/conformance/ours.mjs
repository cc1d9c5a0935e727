import { built } from '../parity/reference.mjs';

/** Loads the adapters as built. @returns for each route a function that reads one row: `{ fields }` or `{ refused, said }` */
export async function ours() {
  const { gammaMarketSchema } = await built('sources/polymarket/catalogue/market-schema.js');
  const { instrumentOf } = await built('sources/polymarket/catalogue/instrument.js');
  const { readTrade } = await built('sources/polymarket/trades.js');
  const { readPoint } = await built('sources/polymarket/prices.js');
  const { readResolutions } = await built('sources/polymarket/catalogue/payouts.js');
  const { readBook } = await built('sources/polymarket/trades.js');
  const kalshi = await built('sources/kalshi/markets.js');
  const kalshiTrades = await built('sources/kalshi/trades.js');
  const { bestOf } = await built('sources/book.js');
  return {
    'kalshi market'(row) {
      try {
        const market = kalshi.readMarket(row, 'conformance');
        const { id, event, outcomes, opensAt, closesAt, endsAt, closed, settlement } = kalshi.instrumentOf(
          market,
          { ticker: market.event_ticker, title: null, exclusive: null, fees: null, earlier: [] },
          0,
        );
        const stated = settlement?.signs.find(({ sign }) => sign === 'result')?.payout ?? null;
        return {
          fields: {
            id: id.slice('kalshi:'.length),
            event: event.slice('kalshi:'.length),
            opensAt,
            closeTime: closesAt,
            endsAt: endsAt ?? null,
            closed,
            payout: stated,
            settledAt: market.settlement_ts,
            outcomes,
          },
        };
      } catch (error) {
        return refused('$', error.message);
      }
    },
    'kalshi trade'(row) {
      const { defect, tradeId, price, size, time, side } = kalshiTrades.readTrade(row, {
        id: `kalshi:${row.ticker}`,
        outcomes: ['Yes', 'No'],
      });
      return defect === null ? { fields: { id: tradeId, price, size, time, taker: side === 'buy' ? 'yes' : 'no' } } : refused('$', defect);
    },
    'kalshi book'(row) {
      try {
        const { bid, ask } = bestOf(kalshiTrades.readBook(row), 0);
        return { fields: { bid, noBid: ask === null ? null : Math.round((1 - ask) * 1e9) / 1e9 } };
      } catch (error) {
        return refused('$', error.message);
      }
    },
    market(row) {
      const parsed = gammaMarketSchema.safeParse(row);
      if (!parsed.success) return refused(parsed.error.issues[0].path.map(String).join('.'), parsed.error.issues[0].message);
      const reading = instrumentOf(parsed.data);
      if (!('instrument' in reading)) return refused('$', reading.notBinary);
      const { id, reference, title, outcomes, outcomeIds, closed, endsAt, closedAt, tickSize, fees, event, stated } = reading.instrument;
      return {
        fields: {
          id: id.slice('polymarket:'.length),
          slug: reference,
          title: title === reference ? null : title,
          outcomes,
          outcomeIds,
          closed,
          endsAt: endsAt ?? null,
          closedAt: closedAt ?? null,
          tickSize,
          feeRate: fees?.rate ?? null,
          feeExponent: fees === null || fees.rate === 0 ? null : (fees.exponent ?? null),
          event: event?.slice('polymarket:'.length) ?? null,
          volume: stated?.volume ?? null,
          prices: parsed.data.outcomePrices?.map(Number) ?? [null, null],
        },
      };
    },
    trade(row) {
      const token = String(row.token_id);
      const { defect, side, price, size, time, outcome, content } = readTrade(row, { outcomes: ['', ''], outcomeIds: [token, ''] });
      if (defect !== null) return refused('$', defect);
      return { fields: { token, side, price, size, time, outcome: outcome || null, wallet: content[2], transaction: content[0] } };
    },
    point(row) {
      const { defect, time, price, grain } = readPoint(row);
      return defect === null ? { fields: { time, price, grain: grain ?? null } } : refused('$', defect);
    },
    record(row) {
      const [[id, { sign, at }] = [null, {}]] = [...readResolutions([row])];
      if (id === null) return refused('$', 'no sign of a result');
      const isPayout = Array.isArray(row.payouts);
      return {
        fields: {
          id: id.slice('polymarket:'.length),
          resolved: sign.pending !== true,
          payout: isPayout && sign.pending !== true ? sign.payout : null,
          price: !isPayout && sign.pending !== true ? Number(row.price) : null,
          at,
        },
      };
    },
    book(row) {
      try {
        return { fields: bestOf(readBook(row), -1) };
      } catch (error) {
        return refused('$', error.message);
      }
    },
  };
}

const refused = (where, said) => ({ refused: [where], said });
