import { built, json, rows } from './reference.mjs';
import { equal } from './table.mjs';

const FOLDER = 'freqtrade-trades-candles';

/** freqtrade's published candles of 12,477 Binance trades, and pandas' resample of the same. */
export async function freqtradeCandles() {
  const { buildCandles } = await built('market/candles/build-candles.js');
  const trades = json(`${FOLDER}/XRP_ETH-trades.json.gz`);
  const column = (at) => Float64Array.from(trades, (trade) => Number(trade[at]));
  const buy = Uint8Array.from(trades, (trade) => (trade[3] === 'buy' ? 1 : 0));
  const ticks = { length: trades.length, time: column(0), price: column(4), size: column(5), buy };
  const compare = (interval, file) => {
    const candles = buildCandles(ticks, interval);
    const theirs = rows(`${FOLDER}/${file}`);
    return ['openTime', 'open', 'high', 'low', 'close', 'volume'].map((name, at) =>
      equal(
        `${interval} ${name}`,
        [...candles[name]],
        theirs.map((row) => Number(row[at])),
      ),
    );
  };
  return [
    {
      title: 'freqtrade and pandas: candles of trades',
      about:
        '12,477 trades of XRP/ETH; 1m against the candles freqtrade publishes, 1h against `resample(label=left, closed=left)`. Empty buckets are absent in both.',
      rows: [...compare('1m', 'XRP_ETH-1m.expected.csv'), ...compare('1h', 'XRP_ETH-1h.pandas.csv')],
    },
  ];
}
