import { METRIC_NAMES } from '../../backtest/metrics/measured.ts';
import { decodeEquity, decodeTrades } from '../../backtest/record/curve-columns.ts';
import { decodeMetrics, type StoredMetrics } from '../../backtest/record/metrics-column.ts';
import { storedParams } from '../../backtest/record/passport-column.ts';
import { decodeWalkForward } from '../../backtest/record/walk-forward-columns.ts';
import { CANDLE_COLUMNS, type Cell, type CellType, candleRows, columnsOf, type Table, type TableColumn } from '../../files/write/table.ts';
import { readBacktests, type StoredBacktest } from '../../storage/backtests/backtests.ts';
import { readWalkForwards } from '../../storage/backtests/walk-forwards.ts';
import { candleSeriesOf, readCandles } from '../../storage/candles/candles.ts';
import { intervalOf } from '../../storage/database/codes.ts';
import type { Queryable } from '../../storage/database/database.ts';
import { instrumentsByKey, keysOf } from '../../storage/markets/instruments.ts';
import { type CoverageRecord, coverageRecords } from '../../storage/ticks/coverage.ts';
import { readQuarantine } from '../../storage/ticks/quarantine.ts';
import { type ExportedInstrument, readTicksByTime } from '../../storage/ticks/ticks.ts';
import { note } from '../terminal/print.ts';
import { TRADE_COLUMNS, tradeCells, WINDOW_COLUMNS, windowCells } from './backtest-tables.ts';
import { BASIS_COLUMNS, basisRows } from './export-basis.ts';
import { type ExportFilter, isWanted, rangeOf, selectedInstruments } from './export-filter.ts';
import { FACTS } from './instrument-facts.ts';

type FilterName = 'interval' | 'from' | 'to' | 'priceType' | 'complete';

interface Exportable {
  readonly filters: readonly FilterName[];
  readonly columns: readonly TableColumn[];
  rows(database: Queryable, filter: ExportFilter): AsyncGenerator<readonly (readonly Cell[])[]>;
}

const SERIES = { symbol: 'text', source: 'text', instrument: 'text' } as const;
/** The columns that identify the backtest of a row. */
const RESULT = { ...SERIES, interval: 'text', strategy: 'text', params: 'text' } as const;

/** Number of decisions that changed with another future, and whether the proof covers everything; empty without a stored proof. */
const PROOF = { look_ahead_changed: 'integer', provable: 'text' } as const;
const proofCells = ({ lookAhead, provable }: Pick<StoredMetrics, 'lookAhead' | 'provable'>): Cell[] => [
  lookAhead?.changed ?? null,
  provable === null ? null : String(provable),
];

const SPREADS = ['recorded', 'default', 'given', 'unknown'] as const;
/** Terms that differ from the defaults, and the number of market fills by the source of their half-spread. */
const TERMS: Readonly<Record<string, CellType>> = {
  terms: 'text',
  ...Object.fromEntries(SPREADS.map((from): [string, CellType] => [`fills_${from}_spread`, 'integer'])),
};

/** The column name of a metric, in snake_case: `totalReturn` → `total_return`. */
const columnName = (metric: string): string => metric.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const METRIC_TYPES = Object.fromEntries(
  METRIC_NAMES.map((metric): [string, CellType] => [columnName(metric), metric === 'trades' ? 'integer' : 'number']),
);

const TICK_FIELDS = ['kind', 'time', 'price', 'size', 'side', 'outcome', 'tradeId'] as const;

/** Everything that can be exported, by name. */
export const EXPORTS = {
  ticks: {
    filters: ['from', 'to'],
    columns: columnsOf({
      ...SERIES,
      kind: 'text',
      time: 'time',
      price: 'number',
      size: 'number',
      side: 'text',
      outcome: 'text',
      trade_id: 'text',
    }),
    rows: tickRows,
  },
  candles: { filters: ['interval', 'from', 'to', 'priceType', 'complete'], columns: CANDLE_COLUMNS, rows: rowsOfCandles },
  backtests: {
    filters: ['interval'],
    columns: columnsOf({ ...RESULT, ...METRIC_TYPES, ...PROOF, ...TERMS }),
    rows: backtestRows,
  },
  // Includes settlements and positions that are still open (`mark`), so that the sum of `pnl` leads to the final equity.
  trades: {
    filters: ['interval'],
    columns: [...columnsOf(RESULT), ...TRADE_COLUMNS],
    rows: (database, filter) =>
      rowsOfBacktests(database, filter, ({ trades }) =>
        decodeTrades(trades).map((trade) => tradeCells(trade, trade.entryTime, trade.exitTime)),
      ),
  },
  equity: {
    filters: ['interval'],
    columns: columnsOf({ ...RESULT, time: 'time', equity: 'number' }),
    rows: (database, filter) => rowsOfBacktests(database, filter, ({ equity }) => decodeEquity(equity).map((at) => [at.time, at.equity])),
  },
  'walk-forward': {
    filters: ['interval'],
    columns: [...columnsOf({ ...SERIES, interval: 'text', window: 'integer' }), ...WINDOW_COLUMNS, ...columnsOf(PROOF)],
    rows: windowRows,
  },
  quarantine: {
    filters: ['from', 'to'],
    columns: columnsOf({ ...SERIES, stage: 'text', reason: 'text', time: 'time', row: 'text' }),
    rows: quarantineRows,
  },
  coverage: {
    filters: ['from', 'to'],
    columns: columnsOf({ ...SERIES, from: 'time', to: 'time', ticks: 'integer', evidence: 'text' }),
    rows: coverageRows,
  },
  basis: {
    filters: ['interval', 'from', 'to', 'priceType'],
    columns: BASIS_COLUMNS,
    rows: basisRows,
  },
  instruments: {
    filters: [],
    columns: [...columnsOf(SERIES), ...FACTS.map(([name, type]) => ({ name, type }))],
    rows: instrumentRows,
  },
} as const satisfies Record<string, Exportable>;
export type ExportName = keyof typeof EXPORTS;

/** The stored data of one kind as a table. */
export const exportTable = (name: ExportName, database: Queryable, filter: ExportFilter): Table => ({
  columns: EXPORTS[name].columns,
  batches: EXPORTS[name].rows(database, filter),
});

/** The query filters: one per symbol, or one without a symbol that selects all. */
const bySymbol = ({ symbols }: ExportFilter): readonly { readonly symbol?: string }[] => symbols?.map((symbol) => ({ symbol })) ?? [{}];

/** Instruments in the order of their ids, as `collate "C"` and Parquet readers order them. */
const byId = (instruments: readonly ExportedInstrument[]): readonly ExportedInstrument[] =>
  [...instruments].sort((a, b) => Buffer.compare(Buffer.from(a.instrument), Buffer.from(b.instrument)));

async function* tickRows(database: Queryable, filter: ExportFilter): AsyncGenerator<Cell[][]> {
  const { from, to, sinceSeq, byInstrument = false } = filter;
  const selected = await selectedInstruments(database, filter);
  const inOrder = byInstrument ? byId(selected) : selected;
  for await (const ticks of readTicksByTime(database, inOrder, { from, to, sinceSeq, byInstrument }))
    yield ticks.map(({ of, ...tick }) => [of.symbol, of.source, of.instrument, ...TICK_FIELDS.map((field) => tick[field])]);
}

async function* rowsOfCandles(database: Queryable, filter: ExportFilter): AsyncGenerator<Cell[][]> {
  const { completeOnly } = filter;
  const selected = await selectedInstruments(database, filter);
  for (const { symbol, source, instrument, key: instrumentKey } of filter.byInstrument ? byId(selected) : selected) {
    for (const { priceType, intervalMinutes } of await candleSeriesOf(database, instrumentKey)) {
      const interval = intervalOf(intervalMinutes);
      if (!isWanted(filter, { instrument, interval }) || (filter.priceType ?? priceType) !== priceType) continue;
      const candles = await readCandles(database, { instrumentKey, priceType, interval, completeOnly, ...rangeOf(filter) });
      yield* candleRows([symbol, source, instrument, priceType, interval], candles);
    }
  }
}

const resultCells = (one: StoredBacktest): Cell[] => [
  one.symbol,
  one.source,
  one.instrument,
  one.interval,
  one.strategy,
  JSON.stringify(storedParams(one)),
];

async function* backtestRows(database: Queryable, filter: ExportFilter): AsyncGenerator<Cell[][]> {
  for (const symbol of bySymbol(filter)) {
    const backtests = (await readBacktests(database, symbol)).filter((one) => isWanted(filter, one));
    yield backtests.map((one) => {
      const { failed, metrics, terms, spreads, ...stored } = decodeMetrics(one.metrics);
      if (failed !== null) note(`${one.instrument} ${one.interval} has no numbers: ${failed}`);
      const numbers = METRIC_NAMES.map((metric) => metrics[metric]);
      return [
        ...resultCells(one),
        ...numbers,
        ...proofCells(stored),
        terms?.differs.join('; ') ?? null,
        ...SPREADS.map((from) => spreads[from] ?? null),
      ];
    });
  }
}

/** The rows of each stored backtest, oldest first, each after the cells that identify the backtest. */
async function* rowsOfBacktests(
  database: Queryable,
  filter: ExportFilter,
  rowsOf: (backtest: StoredBacktest) => readonly Cell[][],
): AsyncGenerator<Cell[][]> {
  for (const symbol of bySymbol(filter)) {
    for (const backtest of (await readBacktests(database, symbol)).filter((one) => isWanted(filter, one))) {
      const head = resultCells(backtest);
      yield rowsOf(backtest).map((cells) => [...head, ...cells]);
    }
  }
}

/** One row per window, numbered from 1 in each series. */
async function* windowRows(database: Queryable, filter: ExportFilter): AsyncGenerator<Cell[][]> {
  for (const symbol of bySymbol(filter)) {
    for (const one of (await readWalkForwards(database, symbol)).filter((each) => isWanted(filter, each))) {
      const stored = decodeWalkForward(one.result);
      const proof = proofCells(stored);
      yield stored.windows.map((window, i) => [
        one.symbol,
        one.source,
        one.instrument,
        one.interval,
        i + 1,
        ...windowCells(window),
        ...proof,
      ]);
    }
  }
}

async function* quarantineRows(database: Queryable, filter: ExportFilter): AsyncGenerator<Cell[][]> {
  for (const one of bySymbol(filter)) {
    for await (const rows of readQuarantine(database, { ...rangeOf(filter), ...one }))
      yield rows
        .filter((row) => isWanted(filter, row))
        .map(({ symbol, source, instrument, stage, reason, time, row }) => [symbol, source, instrument, stage, reason, time, row]);
  }
}

/** Merges equal ranges of trades and price points into one row with the ticks of both. */
function withoutKinds(ranges: readonly CoverageRecord[]): readonly CoverageRecord[] {
  const rows = new Map<string, CoverageRecord>();
  for (const range of ranges) {
    const key = JSON.stringify([range.symbol, range.instrument, range.from, range.to, range.evidence]);
    rows.set(key, { ...range, ticks: range.ticks + (rows.get(key)?.ticks ?? 0) });
  }
  return [...rows.values()];
}

async function* coverageRows(database: Queryable, filter: ExportFilter): AsyncGenerator<Cell[][]> {
  const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = filter;
  for (const symbol of bySymbol(filter))
    yield withoutKinds(await coverageRecords(database, symbol))
      .filter((range) => isWanted(filter, range) && range.to > from && range.from < to)
      .map((range) => [range.symbol, range.source, range.instrument, range.from, range.to, range.ticks, range.evidence]);
}

async function* instrumentRows(database: Queryable, filter: ExportFilter): AsyncGenerator<Cell[][]> {
  const found = await selectedInstruments(database, filter);
  const keys = keysOf(found);
  const stored = await instrumentsByKey(database, keys);
  yield found.flatMap(({ symbol, source, instrument, key }) => {
    const facts = stored.get(key);
    return facts === undefined ? [] : [[symbol, source, instrument, ...FACTS.map(([, , cell]) => cell(facts))]];
  });
}
