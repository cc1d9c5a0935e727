import type { CandidateRow, QuarantineReason } from '../../contracts/market-data.ts';
import { INTERVAL_MS, type Interval, type MarketKind, TICK_KINDS, type TickKind } from '../../contracts/words.ts';
import { assessTick, type RowFacts } from '../../market/assess-tick.ts';
import type { MergeableCandles, SequencedTicks } from '../../market/candles/candle-columns.ts';
import { buildCandleSet } from '../../market/candles/candle-set.ts';
import { mergeCandles } from '../../market/candles/merge-candles.ts';
import { contentIdentity } from '../../market/identity.ts';
import { ContentTable } from './copy-counter.ts';
import type { TickFile } from './read-tick-file.ts';

const ROOM = 65_536;

export interface FileCandles {
  /** One series of candles for trades and one for price points, in this order; a kind without ticks has none. */
  readonly series: readonly { readonly kind: TickKind; readonly candles: MergeableCandles; readonly complete: Uint8Array }[];
  readonly rows: number;
  readonly ticks: number;
  /** Number of rows that repeat the trade id and time of an earlier row. */
  readonly duplicates: number;
  readonly quarantined: QuarantineTally;
}

/**
 * Builds the candles of a tick file, in memory that grows with the candles, not with the ticks. A candle is `complete` if its interval lies
 * between the first and the last tick of its kind.
 * @param asOf rows after it are quarantined; UTC epoch milliseconds
 */
export async function buildFileCandles(
  file: TickFile,
  interval: Interval,
  { market, asOf }: { market: MarketKind; asOf: number },
): Promise<FileCandles> {
  const facts: RowFacts = { market, opensAt: null, tickSize: null, asOf };
  const series = new Map(TICK_KINDS.map((kind) => [kind, new SeriesBuilder([interval])]));
  const ids = file.hasTradeIds ? new ContentTable() : undefined;
  const quarantined = new QuarantineTally();
  let rows = 0;
  let duplicates = 0;
  for await (const batch of file.batches(0, { identities: false })) {
    for (const [i, row] of batch.rows.entries()) {
      const assessment = assessTick(row, facts);
      if (assessment.verdict === 'quarantine') quarantined.add(assessment.reason, batch.lines[i]);
      else if (ids !== undefined && row.tradeId !== null && ids.next(contentIdentity([row.tradeId, row.time])) > 0) duplicates++;
      else (series.get(row.kind) as SeriesBuilder).ticks.add(row, rows + i);
      if (series.get(row.kind)?.ticks.isFull) (series.get(row.kind) as SeriesBuilder).build();
    }
    rows += batch.rows.length;
  }
  const built = [...series].flatMap(([kind, builder]) => {
    const candles = builder.finish().get(interval) as MergeableCandles;
    return candles.length === 0 ? [] : [{ kind, candles, complete: completeOf(candles) }];
  });
  return { series: built, rows, duplicates, quarantined, ticks: rows - duplicates - quarantined.total };
}

/** Builds the candles of one series of ticks. Parts of equal size are merged pairwise, so that each candle is merged only a few times. */
export class SeriesBuilder {
  private readonly parts: { candles: Map<Interval, MergeableCandles>; batches: number }[] = [];

  constructor(
    private readonly intervals: readonly Interval[],
    readonly ticks = new TickColumnsBuilder(ROOM),
  ) {}

  /** Builds the candles of the ticks in the buffer and empties it. Call it when `ticks.isFull`. */
  build(): void {
    let part = { candles: buildCandleSet(this.ticks.take(), this.intervals), batches: 1 };
    for (let last = this.parts.at(-1); last?.batches === part.batches; last = this.parts.at(-1)) {
      this.parts.pop();
      part = { candles: mergedSets(last.candles, part.candles), batches: part.batches * 2 };
    }
    this.parts.push(part);
  }

  /** The candles of all ticks, by interval. */
  finish(): Map<Interval, MergeableCandles> {
    this.build();
    return this.parts.map((part) => part.candles).reduceRight((later, earlier) => mergedSets(earlier, later));
  }
}

const mergedSets = (a: Map<Interval, MergeableCandles>, b: Map<Interval, MergeableCandles>): Map<Interval, MergeableCandles> =>
  new Map([...a].map(([interval, candles]) => [interval, mergeCandles(candles, b.get(interval) as MergeableCandles)]));

function completeOf({ length, interval, openTime, firstTime, lastTime }: MergeableCandles): Uint8Array {
  const from = firstTime[0];
  const to = lastTime[length - 1] + 1;
  return Uint8Array.from({ length }, (_, k) => (openTime[k] >= from && openTime[k] + INTERVAL_MS[interval] <= to ? 1 : 0));
}

/** Buffers ticks in columns of a fixed capacity; the caller takes them out when the buffer is full. */
export class TickColumnsBuilder {
  private length = 0;
  private time: Float64Array;
  private price: Float64Array;
  private size: Float64Array;
  private buy: Uint8Array;
  private sequence: Float64Array;

  constructor(private readonly room: number) {
    this.time = new Float64Array(room);
    this.price = new Float64Array(room);
    this.size = new Float64Array(room);
    this.buy = new Uint8Array(room);
    this.sequence = new Float64Array(room);
  }

  get isFull(): boolean {
    return this.length === this.room;
  }

  /** Adds a tick. @param row a good row, which has a time and a price */
  add(row: Pick<CandidateRow, 'time' | 'price' | 'size' | 'side'>, sequence: number): void {
    const i = this.length++;
    this.time[i] = row.time ?? Number.NaN;
    this.price[i] = row.price ?? Number.NaN;
    this.size[i] = row.size ?? Number.NaN;
    this.buy[i] = row.side === null ? 255 : row.side === 'buy' ? 1 : 0;
    this.sequence[i] = sequence;
  }

  /** Empties the buffer and returns its ticks, which are valid until the next `add`. */
  take(): SequencedTicks {
    const { length, time, price, size, buy, sequence } = this;
    this.length = 0;
    return { length, time, price, size, buy, sequence };
  }
}

/** Maximum number of line numbers that are kept for each reason. */
const EXAMPLES = 5;

/** Counts a file's quarantined rows by reason and keeps the line numbers of the first ones. */
export class QuarantineTally {
  private readonly found = new Map<QuarantineReason, { count: number; readonly lines: number[] }>();

  get total(): number {
    return [...this.found.values()].reduce((sum, { count }) => sum + count, 0);
  }

  get reasons(): Readonly<Partial<Record<QuarantineReason, number>>> {
    return Object.fromEntries([...this.found].map(([reason, { count }]) => [reason, count]));
  }

  add(reason: QuarantineReason, line: number): void {
    const entry = this.found.get(reason) ?? { count: 0, lines: [] };
    this.found.set(reason, entry);
    entry.count++;
    if (entry.lines.length < EXAMPLES) entry.lines.push(line);
  }

  /** The counts in words: `malformed 2 (lines 17, 203), price-range 1 (line 9)`. */
  describe(): string {
    const describeOne = ([reason, { count, lines }]: [string, { count: number; lines: number[] }]): string => {
      const more = count > lines.length ? ', …' : '';
      return `${reason} ${count} (line${count === 1 ? '' : 's'} ${lines.join(', ')}${more})`;
    };
    return [...this.found].map(describeOne).join(', ');
  }
}
