import { METRIC_NAMES } from '../../backtest/metrics/measured.ts';
import { decodeEquity, decodeTrades } from '../../backtest/record/curve-columns.ts';
import { decodeMetrics } from '../../backtest/record/metrics-column.ts';
import { storedParams } from '../../backtest/record/passport-column.ts';
import { decodeWalkForward } from '../../backtest/record/walk-forward-columns.ts';
import type { Interval, TickKind } from '../../contracts/words.ts';
import { CANDLE_COLUMNS, candleRows } from '../../files/write/candle-table.ts';
import type { Cell, CellType, Table, TableColumn } from '../../files/write/table.ts';
import { readBacktests, type StoredBacktest } from '../../storage/backtests/backtests.ts';
import { readWalkForwards } from '../../storage/backtests/walk-forwards.ts';
import { candleSeriesOf, readCandles } from '../../storage/candles/candles.ts';
import { intervalOf } from '../../storage/database/codes.ts';
import type { Database } from '../../storage/database/database.ts';
import { instrumentsByKey } from '../../storage/markets/instruments.ts';
import { type CoverageRecord, coverageRecords } from '../../storage/ticks/coverage.ts';
import { type ExportedInstrument, exportedInstruments, readTicksByTime } from '../../storage/ticks/export.ts';
import { readQuarantine } from '../../storage/ticks/quarantine.ts';
import { note } from '../terminal/print.ts';
import { TRADE_COLUMNS, tradeCells, WINDOW_COLUMNS, windowCells } from './backtest-tables.ts';
import { INSTRUMENT_COLUMNS, instrumentCells } from './instruments-table.ts';

/** Which of the stored data to export. */
export interface ExportFilter {
  /** All when absent. */
  readonly symbols?: readonly string[] | undefined;
  /** Ids; all when absent. */
  readonly instruments?: readonly string[] | undefined;
  /** All when absent. */
  readonly intervals?: readonly Interval[] | undefined;
  /** Only candles of this kind of tick; of all when absent. */
  readonly priceType?: TickKind | undefined;
  /** Whether to leave out candles that are open or touch a gap. @default false */
  readonly completeOnly?: boolean;
  /** `from ≤ time < to`, UTC epoch milliseconds. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** The filters that apply to a kind of data, by option name. */
type FilterName = 'interval' | 'from' | 'to' | 'priceType' | 'complete';

interface Exportable {
  readonly filters: readonly FilterName[];
  table(database: Database, filter: ExportFilter): Table;
}

const columns = (types: Readonly<Record<string, CellType>>): TableColumn[] => Object.entries(types).map(([name, type]) => ({ name, type }));

const SERIES = { symbol: 'text', source: 'text', instrument: 'text' } as const;

/** The column name of a metric, in snake_case: `totalReturn` → `total_return`. */
const columnName = (metric: string): string => metric.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Everything that can be exported, by name. */
export const EXPORTS = {
  ticks: { filters: ['from', 'to'], table: ticksTable },
  candles: { filters: ['interval', 'from', 'to', 'priceType', 'complete'], table: candlesTable },
  backtests: { filters: ['interval'], table: backtestsTable },
  trades: { filters: ['interval'], table: tradesTable },
  equity: { filters: ['interval'], table: equityTable },
  'walk-forward': { filters: ['interval'], table: walkForwardTable },
  quarantine: { filters: ['from', 'to'], table: quarantineTable },
  coverage: { filters: ['from', 'to'], table: coverageTable },
  instruments: { filters: [], table: instrumentsTable },
} as const satisfies Record<string, Exportable>;
export type ExportName = keyof typeof EXPORTS;

const wanted = ({ instruments }: ExportFilter, instrument: string): boolean => instruments?.includes(instrument) ?? true;

/** The instruments that the filter selects. */
const selected = async (database: Database, filter: ExportFilter): Promise<readonly ExportedInstrument[]> =>
  (await exportedInstruments(database, filter.symbols)).filter(({ instrument }) => wanted(filter, instrument));

function instrumentsTable(database: Database, filter: ExportFilter): Table {
  return {
    columns: columns({ ...SERIES, ...INSTRUMENT_COLUMNS }),
    batches: (async function* () {
      const found = await selected(database, filter);
      const facts = await instrumentsByKey(
        database,
        found.map(({ key }) => key),
      );
      yield found.flatMap(({ symbol, source, instrument, key }) => {
        const stored = facts.get(key);
        return stored === undefined ? [] : [[symbol, source, instrument, ...instrumentCells(stored)]];
      });
    })(),
  };
}

function ticksTable(database: Database, filter: ExportFilter): Table {
  const { from, to } = filter;
  return {
    columns: columns({
      ...SERIES,
      kind: 'text',
      time: 'time',
      price: 'number',
      size: 'number',
      side: 'text',
      outcome: 'text',
      trade_id: 'text',
    }),
    batches: (async function* () {
      for await (const ticks of readTicksByTime(database, await selected(database, filter), { from, to })) {
        yield ticks.map(({ of, kind, time, price, size, side, outcome, tradeId }): Cell[] => [
          of.symbol,
          of.source,
          of.instrument,
          kind,
          time,
          price,
          size,
          side,
          outcome,
          tradeId,
        ]);
      }
    })(),
  };
}

function candlesTable(database: Database, filter: ExportFilter): Table {
  const { intervals, from, to, completeOnly = false } = filter;
  return {
    columns: CANDLE_COLUMNS,
    batches: (async function* () {
      for (const { symbol, source, instrument, key } of await selected(database, filter)) {
        for (const { priceType, intervalMinutes } of await candleSeriesOf(database, key)) {
          const interval = intervalOf(intervalMinutes);
          if (intervals !== undefined && !intervals.includes(interval)) continue;
          if (filter.priceType !== undefined && filter.priceType !== priceType) continue;
          const candles = await readCandles(database, {
            instrumentKey: key,
            priceType,
            interval,
            completeOnly,
            ...(from !== undefined && { from }),
            ...(to !== undefined && { to }),
          });
          yield* candleRows([symbol, source, instrument, priceType, interval], candles);
        }
      }
    })(),
  };
}

function backtestsTable(database: Database, filter: ExportFilter): Table {
  const { symbols, intervals } = filter;
  return {
    columns: columns({
      ...RESULT,
      ...Object.fromEntries(METRIC_NAMES.map((metric) => [columnName(metric), metric === 'trades' ? 'integer' : 'number'] as const)),
    }),
    batches: (async function* () {
      for (const symbol of symbols ?? [undefined]) {
        const backtests = (await readBacktests(database, symbol === undefined ? {} : { symbol })).filter(
          ({ instrument, interval }) => wanted(filter, instrument) && (intervals === undefined || intervals.includes(interval)),
        );
        for (const { instrument, interval, metrics } of backtests) {
          const { failed } = decodeMetrics(metrics);
          if (failed !== null) note(`${instrument} ${interval} has no numbers: ${failed}`);
        }
        yield backtests.map((one): Cell[] => [
          ...resultCells(one),
          ...METRIC_NAMES.map((metric) => (typeof one.metrics[metric] === 'number' ? one.metrics[metric] : null)),
        ]);
      }
    })(),
  };
}

/** The columns that identify the backtest of a row. */
const RESULT = { ...SERIES, interval: 'text', strategy: 'text', params: 'text' } as const;

const resultCells = (one: StoredBacktest): Cell[] => [
  one.symbol,
  one.source,
  one.instrument,
  one.interval,
  one.strategy,
  JSON.stringify(storedParams(one)),
];

/** The rows of each stored backtest, oldest first, behind the cells that identify it. */
async function* rowsOfBacktests(
  database: Database,
  filter: ExportFilter,
  rowsOf: (backtest: StoredBacktest) => readonly Cell[][],
): AsyncGenerator<Cell[][]> {
  const { symbols, intervals } = filter;
  for (const symbol of symbols ?? [undefined]) {
    for (const backtest of await readBacktests(database, symbol === undefined ? {} : { symbol })) {
      if (!wanted(filter, backtest.instrument) || (intervals !== undefined && !intervals.includes(backtest.interval))) continue;
      const head = resultCells(backtest);
      yield rowsOf(backtest).map((cells): Cell[] => [...head, ...cells]);
    }
  }
}

/** Marks and settlements are among the trades, so that `pnl` adds up to the equity's end. */
function tradesTable(database: Database, filter: ExportFilter): Table {
  return {
    columns: [...columns(RESULT), ...TRADE_COLUMNS],
    batches: rowsOfBacktests(database, filter, ({ trades }) =>
      decodeTrades(trades).map((trade): Cell[] => tradeCells(trade, trade.entryTime, trade.exitTime)),
    ),
  };
}

function equityTable(database: Database, filter: ExportFilter): Table {
  return {
    columns: [...columns(RESULT), { name: 'time', type: 'time' }, { name: 'equity', type: 'number' }],
    batches: rowsOfBacktests(database, filter, ({ equity }) => decodeEquity(equity).map((point): Cell[] => [point.time, point.equity])),
  };
}

/** One row per window, numbered from 1 in each series. */
function walkForwardTable(database: Database, filter: ExportFilter): Table {
  const { symbols, intervals } = filter;
  return {
    columns: [...columns({ ...SERIES, interval: 'text', window: 'integer' }), ...WINDOW_COLUMNS],
    batches: (async function* () {
      for (const symbol of symbols ?? [undefined]) {
        for (const head of await readWalkForwards(database, symbol === undefined ? {} : { symbol })) {
          if (!wanted(filter, head.instrument) || (intervals !== undefined && !intervals.includes(head.interval))) continue;
          const series = [head.symbol, head.source, head.instrument, head.interval];
          yield decodeWalkForward(head.result).windows.map((window, i): Cell[] => [...series, i + 1, ...windowCells(window)]);
        }
      }
    })(),
  };
}

function quarantineTable(database: Database, filter: ExportFilter): Table {
  const { symbols, from, to } = filter;
  const range = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
  return {
    columns: columns({ ...SERIES, stage: 'text', reason: 'text', time: 'time', row: 'text' }),
    batches: (async function* () {
      for (const symbol of symbols ?? [undefined]) {
        for await (const rows of readQuarantine(database, { ...range, ...(symbol !== undefined && { symbol }) })) {
          yield rows
            .filter(({ instrument }) => wanted(filter, instrument))
            .map(({ symbol, source, instrument, stage, reason, time, row }): Cell[] => [
              symbol,
              source,
              instrument,
              stage,
              reason,
              time,
              row,
            ]);
        }
      }
    })(),
  };
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

function coverageTable(database: Database, filter: ExportFilter): Table {
  const { symbols, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = filter;
  return {
    columns: columns({ ...SERIES, from: 'time', to: 'time', ticks: 'integer', evidence: 'text' }),
    batches: (async function* () {
      for (const symbol of symbols ?? [undefined]) {
        const ranges = await coverageRecords(database, symbol === undefined ? {} : { symbol });
        yield withoutKinds(ranges)
          .filter((range) => wanted(filter, range.instrument) && range.to > from && range.from < to)
          .map((range): Cell[] => [range.symbol, range.source, range.instrument, range.from, range.to, range.ticks, range.evidence]);
      }
    })(),
  };
}
