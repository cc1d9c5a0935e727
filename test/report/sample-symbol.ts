import { INTERVAL_MS, type Interval } from '../../src/contracts/words.ts';
import { METRIC_COLUMNS } from '../../src/report/symbol/strategy-table.ts';
import type {
  BacktestRow,
  EmbeddedCandles,
  InstrumentSection,
  PageCandle,
  SymbolPageData,
  WalkForwardSection,
} from '../../src/report/symbol/symbol-data.ts';
import { AS_OF, DAY, HOUR, seeded } from './sample-numbers.ts';

const GAPS = [
  { from: AS_OF - 3 * DAY + 2 * HOUR, to: AS_OF - 3 * DAY + 14 * HOUR },
  { from: AS_OF - 9 * HOUR, to: AS_OF - 8 * HOUR },
];

export const sampleSeries = (interval: Interval, seed: number, from = AS_OF - 7 * DAY): EmbeddedCandles => {
  const random = seeded(seed);
  const step = INTERVAL_MS[interval];
  const candles: PageCandle[] = [];
  let price = 0.55;
  for (let time = Math.ceil(from / step) * step; time < AS_OF; time += step) {
    const missing = GAPS.some((gap) => time >= gap.from && time + step <= gap.to) || random() < 0.02;
    const open = price;
    price = Math.min(0.985, Math.max(0.015, price + (random() - 0.495) * 0.05 * Math.sqrt(step / HOUR)));
    if (missing) continue;
    const high = Math.min(1, Math.max(open, price) + random() * 0.015);
    const low = Math.max(0, Math.min(open, price) - random() * 0.015);
    const three = (value: number): number => Math.round(value * 1000) / 1000;
    candles.push({
      openTime: time,
      open: three(open),
      high: three(high),
      low: three(low),
      close: three(price),
      volume: Math.round(random() ** 3 * 40_000) / 10,
      trades: Math.round(random() * 80) + 1,
      complete: time + step <= AS_OF,
    });
  }
  return { interval, candles, total: candles.length };
};

const METRICS: Readonly<Record<string, number>> = {
  totalReturn: 0.124,
  sharpe: 1.42,
  sortino: 2.31,
  maxDrawdown: -0.081,
  calmar: 3.1,
  trades: 14,
  winRate: 0.571,
  profitFactor: 1.83,
  expectancy: 88.57,
  fees: 41.2,
  settlementPnl: 0,
  markPnl: 120.5,
  cagr: 12.4,
  volatility: 0.64,
  exposure: 0.53,
  turnover: 214.3,
  finalEquity: 11_240,
  probabilisticSharpe: 0.81,
  deflatedSharpe: 0.44,
};
const REASONS = { brier: 'the market is not resolved', logLoss: 'the market is not resolved' };

export const sampleBacktests = (): BacktestRow[] =>
  ['buy-and-hold', 'sma-cross', 'ema-cross', 'rsi', 'bollinger', 'breakout', 'momentum', 'favourite'].map((strategy, i) => {
    const idle = strategy === 'favourite';
    return {
      strategy,
      params:
        {
          'sma-cross': '10/30',
          'ema-cross': '12/26',
          rsi: '14 30 70',
          bollinger: '20 2',
          breakout: '20',
          momentum: '12 0.05',
          favourite: '0.9',
        }[strategy] ?? '',
      interval: '1h',
      metrics: Object.fromEntries(
        METRIC_COLUMNS.map(({ key }) => [
          key,
          METRICS[key] === undefined || (idle && key !== 'trades') ? null : idle ? 0 : (METRICS[key] ?? 0) * (1 - (i - 1) * 0.17),
        ]),
      ),
      undefined: idle ? Object.fromEntries(METRIC_COLUMNS.map(({ key }) => [key, 'no trade was made'])) : REASONS,
      proof: { changed: 0, decisions: 164 },
      overfitting: 0.31,
      passport: '9f2c41d07ab3',
    };
  });

/** Six windows on hours, and days that are too few for one. */
export const sampleWalkForwards = (): WalkForwardSection[] => {
  const parts = { trainMs: 20 * DAY, testMs: 5 * DAY, trials: 12, skipped: [], failed: [] };
  const random = seeded(3);
  const curve = (from: number, days: number, drift: number) => {
    let equity = 1;
    return Array.from({ length: days * 2 }, (_, i) => {
      equity *= 1 + (random() - 0.5) * 0.02 + drift;
      return { time: from + i * (DAY / 2), equity };
    });
  };
  const begin = AS_OF - 50 * DAY;
  const windows = Array.from({ length: 6 }, (_, i) => {
    const trainFrom = begin + i * 5 * DAY;
    const trainTo = trainFrom + 20 * DAY;
    return {
      trainFrom,
      trainTo,
      testFrom: trainTo,
      testTo: trainTo + 5 * DAY,
      strategy: 'momentum',
      params: { period: 12 + (i % 2), threshold: 0 },
      inSample: { totalReturn: 0.11, sharpe: 3.2, maxDrawdown: -0.02, trades: 8, undefined: {}, weak: {}, sharpeError: 1.9 },
      outOfSample: {
        totalReturn: 0.01,
        sharpe: 9.87,
        maxDrawdown: -0.03,
        trades: 2,
        undefined: {},
        sharpeError: 7,
        weak: { sharpe: '5 daily returns, fewer than 30' },
      },
    };
  });
  const outOfSample = curve(begin + 20 * DAY, 30, 0.001);
  return [
    {
      ...parts,
      interval: '1h',
      lookAhead: { changed: 0, of: 1440, deterministic: true },
      provable: true,
      notProvable: [],
      passport: { id: '9f2c41d07ab3' },
      windows,
      outOfSample: {
        totalReturn: (outOfSample.at(-1)?.equity ?? 1) - 1,
        sharpe: 1.1,
        maxDrawdown: -0.06,
        trades: 13,
        deflatedSharpe: 0.71,
        undefined: {},
        weak: {},
        sharpeError: 1.2,
        spreads: {},
      },
      terms: null,
      overfitting: 0.38,
      undefined: {},
      weak: {},
      curves: { outOfSample, inSample: windows.map(({ trainFrom }) => curve(trainFrom, 20, 0.006)) },
    },
    {
      ...parts,
      interval: '4h',
      terms: null,
      lookAhead: null,
      provable: null,
      notProvable: [],
      passport: null,
      windows: [],
      outOfSample: null,
      overfitting: null,
      weak: {},
      curves: null,
      undefined: { windows: 'the candles span 12 days, one window needs 25' },
    },
  ];
};

const sampleBins = () =>
  [0.1, 0.3, 0.5, 0.7, 0.9].map((middle, i) => ({
    from: middle - 0.1,
    to: middle + 0.1,
    count: 40 + i * 11,
    meanForecast: middle + 0.01,
    hitRate: middle + (i - 2) * 0.03,
    wilsonLow: Math.max(0, middle + (i - 2) * 0.03 - 0.11),
    wilsonHigh: Math.min(1, middle + (i - 2) * 0.03 + 0.11),
  }));

export const sampleInstrument = (more: Partial<InstrumentSection> = {}): InstrumentSection => {
  const backtests = sampleBacktests();
  const random = seeded(5);
  let equity = 10_000;
  const curve = sampleSeries('1h', 11).candles.map((candle) => {
    equity *= 1 + (random() - 0.48) * 0.02;
    return { time: candle.openTime + HOUR, equity };
  });
  const at = (hours: number): number => AS_OF - 7 * DAY + hours * HOUR;
  return {
    id: 'polymarket:0x8f2e',
    source: 'polymarket',
    title: 'Bitcoin above $100k on Nov 30?',
    market: 'probability',
    outcomes: ['Yes', 'No'],
    reference: 'https://polymarket.com/event/bitcoin-above-100k-on-november-30',
    opensAt: AS_OF - 30 * DAY,
    closesAt: AS_OF + 6.4 * DAY,
    closed: false,
    resolution: { kind: 'open' },
    fees: { model: 'polymarket', rate: 0.072, exponent: 1 },
    tickSize: 0.01,
    book: { bid: 0.62, ask: 0.64, at: AS_OF - 60_000 },
    twins: [{ id: 'predict:4711', source: 'predict', last: { time: AS_OF - 240_000, price: 0.61 } }],
    ticks: 10_080,
    last: { time: AS_OF - 245_000, price: 0.63 },
    bestSharpe: 1.42,
    priceType: 'trade',
    series: [sampleSeries('1h', 11), sampleSeries('4h', 11), sampleSeries('1d', 11)],
    gaps: GAPS,
    quality: {
      coverage: 0.923,
      quiet: null,
      quarantined: [
        { reason: 'price-range', count: 9 },
        { reason: 'malformed', count: 5 },
      ],
      quarantineTimes: [at(20), at(20.2), at(55), at(131), at(131.5)],
      duplicates: 31,
    },
    backtests,
    chosen: {
      index: 1,
      trades: [
        { entryTime: at(31), exitTime: at(50), side: 'long', size: 15_873, entryPrice: 0.6, exitPrice: 0.64, pnl: 612.1, fees: 8.1 },
        { entryTime: at(90), exitTime: at(101), side: 'long', size: 15_100, entryPrice: 0.68, exitPrice: 0.66, pnl: -310.2, fees: 8 },
        { entryTime: at(120), exitTime: at(150), side: 'long', size: 15_400, entryPrice: 0.66, exitPrice: 0.72, pnl: 911, fees: 8 },
      ],
      equity: curve,
      // holding on the same terms: most of the move, capped
      hold: curve.map(({ time }, i) => ({ time, equity: 10_000 * (1 + 0.0004 * i) })),
    },
    ...more,
  };
};

export const sampleSymbol = (more: Partial<SymbolPageData> = {}): SymbolPageData => ({
  symbol: 'BTC_PRICE',
  title: 'Bitcoin price markets',
  runId: 'pipeline-2026-11-24T08:00Z',
  asOf: AS_OF,
  window: { from: AS_OF - 7 * DAY, to: AS_OF },
  instruments: [sampleInstrument()],
  others: [],
  instrumentCount: 1,
  missingSources: {},
  calibration: [{ of: '1h', bins: sampleBins() }],
  madeBy: 'PredictLab 0.1.0',
  ...more,
});
