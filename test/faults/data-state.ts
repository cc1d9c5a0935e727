import { createHash } from 'node:crypto';
import type { CandidateRow, Instrument } from '../../src/contracts/market-data.ts';
import type { Database } from '../../src/storage/database/database.ts';
import { saveInstruments } from '../../src/storage/markets/instruments.ts';
import { stageCoverage, stagePage } from '../../src/storage/staging/staging.ts';
import { DAY, instrument, START, trade } from '../support/stage-run.ts';

export const SYMBOL = 'RAIN';
const PAGE = 40;

/** The collections of two runs of one symbol with two instruments: overlapping, with bad rows and late ones. From a seed. */
export function collections(seed: number): readonly (readonly { readonly market: Instrument; readonly rows: readonly CandidateRow[] }[])[] {
  const random = seeded(seed);
  const rows = (n: number): CandidateRow[] =>
    Array.from({ length: n }, (_, i) => {
      const price = random() < 0.1 ? 1.5 : Math.round(random() * 1000) / 1000;
      return trade(START + Math.floor(random() * 3 * DAY), price, { identity: `${seed}-${n}-${i}`, size: Math.ceil(random() * 500) / 10 });
    }).sort((a, b) => (a.time as number) - (b.time as number));
  const look = { bid: 0.4, ask: 0.5, bidSize: 10, askSize: null, at: START };
  const [one, two] = [instrument('polymarket:0x1', { book: look }), instrument('polymarket:0x2')];
  const [early, late, other] = [rows(150), rows(60), rows(70)];
  return [
    [
      { market: one, rows: early },
      { market: two, rows: other.slice(0, 40) },
    ],
    [
      { market: one, rows: [...early.slice(90), ...late] },
      { market: two, rows: other },
    ],
  ];
}

/** Puts a collection where `clean` and `store` find it. */
export async function stageCollection(
  database: Database,
  executionId: string,
  collection: ReturnType<typeof collections>[number],
): Promise<void> {
  for (const { market, rows } of collection) {
    const instrumentKey = (await saveInstruments(database, SYMBOL, [market])).get(market.id) as number;
    const key = { executionId, symbol: SYMBOL, instrumentKey };
    for (let page = 0; page * PAGE < rows.length; page++) {
      await stagePage(database, { ...key, pageNumber: page, order: 'oldest-first', rows: rows.slice(page * PAGE, (page + 1) * PAGE) });
    }
    await stageCoverage(database, { ...key, kind: 'trade', ranges: [{ from: START, to: START + 3 * DAY }] });
  }
}

/** Everything the stages wrote, without clocks and process ids: equal data gives equal text. */
export async function dataState(database: Database): Promise<Record<string, string>> {
  const tables: Record<string, string> = {
    ticks:
      'select i.id, t.time, t.seq, t.price, t.size, t.kind, t.side, t.flags, t.identity from ticks t join instruments i on i.key = t.instrument order by 1, 2, 3',
    candles: `select i.id, c.kind, c.interval_minutes, c.open_time, c.open, c.high, c.low, c.close, c.volume, c.quote_volume, c.buy_volume, c.trades,
      c.first_time, c.first_seq, c.last_time, c.last_seq, c.coverage, c.complete, c.revision from candles c join instruments i on i.key = c.instrument order by 1, 2, 3, 4`,
    ledger: 'select execution_id, task_id, output, degraded from ledger where finished_at is not null order by 1, 2',
    unfinished: 'select count(*) from ledger where finished_at is null',
    quarantine: 'select symbol, reason, time, row, execution_id from quarantine order by 1, 2, 3, 4',
    coverage: 'select i.id, c.kind, c.ranges::text from coverage c join instruments i on i.key = c.instrument order by 1, 2',
    hours: 'select i.id, h.kind, h.hour, h.ticks, h.version from tick_hours h join instruments i on i.key = h.instrument order by 1, 2, 3',
    books:
      'select i.id, b.at, b.bid, b.ask, b.bid_size, b.ask_size from order_books b join instruments i on i.key = b.instrument order by 1, 2',
    staged: 'select (select count(*) from staged_rows) as rows, (select count(*) from staging_batches) as batches',
  };
  const state: Record<string, string> = {};
  for (const [name, sql] of Object.entries(tables)) {
    const { rows } = await database.query(sql);
    state[name] = `${rows.length} rows, ${createHash('sha256').update(JSON.stringify(rows)).digest('hex').slice(0, 16)}`;
  }
  return state;
}

/** Mulberry32: small, and the same everywhere. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
