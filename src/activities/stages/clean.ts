import type { StageInput } from '../../contracts/task/stage-report.ts';
import type { MarketKind, TickKind } from '../../contracts/words.ts';
import { assessTick } from '../../market/assess-tick.ts';
import { flagOutliers } from '../../market/flag-outliers.ts';
import type { Transaction } from '../../storage/database/database.ts';
import { instrumentsByKey, type StoredInstrument } from '../../storage/markets/instruments.ts';
import { markStagedRows, readStagedRows, type StagedMark } from '../../storage/staging/staged-rows.ts';
import { type StagingBatch, stagingBatches } from '../../storage/staging/staging.ts';
import { quarantineStaged } from '../../storage/ticks/quarantine.ts';
import type { Probe, StageFunction, StageWork } from './stage-work.ts';

interface CleanDependencies {
  /** Share of a symbol's rows, in [0, 1], that may be quarantined before the run counts as degraded. @default 0.01 */
  readonly quarantineLimit?: number;
  readonly probe?: Probe;
  /** Called with the number of an instrument's rows by result. */
  readonly onInstrument?: (instrumentKey: number, judged: Readonly<Tally>) => void;
}

interface Tally {
  rows: number;
  quarantined: number;
  flagged: number;
  readonly reasons: Record<string, number>;
}

const newTally = (): Tally => ({ rows: 0, quarantined: 0, flagged: 0, reasons: {} });

function add(total: Tally, { rows, quarantined, flagged, reasons }: Tally): void {
  total.rows += rows;
  total.quarantined += quarantined;
  total.flagged += flagged;
  for (const [reason, count] of Object.entries(reasons)) total.reasons[reason] = (total.reasons[reason] ?? 0) + count;
}

/**
 * Creates the stage `clean`, which checks the rows that `collect` staged. Bad rows are listed in quarantine with the reason and left out by
 * `store`; unusual rows are flagged and stay. No row is changed or dropped.
 */
export function createClean({ quarantineLimit = 0.01, probe, onInstrument }: CleanDependencies = {}): StageFunction {
  return async (input, work) =>
    await work.commit(async (transaction) => {
      const total = newTally();
      const batches = await stagingBatches(transaction, { executionId: input.executionId, symbol: input.symbol });
      const keys = batches.map(({ instrumentKey }) => instrumentKey);
      const instruments = await instrumentsByKey(transaction, keys);
      await probe?.('clean 1: claimed');
      for (const batch of batches) {
        if (batch.first === null) continue;
        const instrument = instruments.get(batch.instrumentKey) as StoredInstrument;
        const tally = newTally();
        await judge(transaction, { batch, instrument, asOf: input.settings.asOf, tally, work });
        add(total, tally);
        onInstrument?.(batch.instrumentKey, tally);
        await probe?.('clean 2: marked');
        await quarantineStaged(transaction, { ...contextOf(input), stage: 'clean' }, batch);
        await probe?.('clean 3: quarantined');
      }
      return { output: outputOf(total), ...degradedOf(total, quarantineLimit) };
    });
}

const contextOf = ({ runId, executionId, symbol }: StageInput) => ({ runId, executionId, symbol });

/** Checks a batch chunk by chunk and marks bad and unusual rows. */
async function judge(
  transaction: Transaction,
  {
    batch,
    instrument,
    asOf,
    tally,
    work,
  }: { batch: StagingBatch; instrument: StoredInstrument; asOf: number; tally: Tally; work: StageWork },
): Promise<void> {
  const facts = { market: instrument.market, opensAt: instrument.opensAt, tickSize: instrument.tickSize, asOf };
  let marks: StagedMark[] = [];
  const outliers = new OutlierScan(instrument.market, (position, flagged) => {
    marks.push({ position, flags: ['outlier'] });
    if (!flagged) tally.flagged++;
  });
  for await (const rows of readStagedRows(transaction, batch.id)) {
    for (const row of rows) {
      const assessment = assessTick(row, facts);
      if (assessment.verdict === 'quarantine') {
        marks.push({ position: row.position, reason: assessment.reason });
        tally.quarantined++;
        tally.reasons[assessment.reason] = (tally.reasons[assessment.reason] ?? 0) + 1;
        continue;
      }
      const flagged = assessment.flags.length > 0;
      if (flagged) {
        marks.push({ position: row.position, flags: assessment.flags });
        tally.flagged++;
      }
      outliers.add({
        position: row.position,
        kind: row.kind,
        time: row.time as number,
        price: row.price as number,
        size: row.size,
        flagged,
      });
    }
    await markStagedRows(transaction, batch.id, marks);
    marks = [];
    tally.rows += rows.length;
    work.heartbeat({ rows: tally.rows });
    work.signal.throwIfAborted();
  }
  outliers.end();
  await markStagedRows(transaction, batch.id, marks);
}

const outputOf = ({ rows, quarantined, flagged, reasons }: Tally) => ({ rows, ok: rows - quarantined, quarantined, flagged, reasons });

function degradedOf({ rows, quarantined, reasons }: Tally, limit: number): { degraded?: readonly string[] } {
  if (rows === 0 || quarantined / rows <= limit) return {};
  const share = `${((100 * quarantined) / rows).toFixed(1)} %`;
  const why = Object.entries(reasons)
    .sort(([, a], [, b]) => b - a)
    .map(([reason, count]) => `${reason} ${count}`)
    .join(', ');
  return { degraded: [`${quarantined} of ${rows} rows (${share}) were quarantined: ${why}; the limit is ${100 * limit} %`] };
}

interface ScannedTick {
  readonly position: number;
  readonly kind: TickKind;
  readonly time: number;
  readonly price: number;
  readonly size: number | null;
  /** Whether another rule has flagged the tick. */
  readonly flagged: boolean;
}

const BLOCK = 20_000;
/** Number of ticks before a block that are kept to compare the first ticks of the block with; more than the outlier rule needs. */
const CONTEXT = 200;
/** Number of ticks at a block's end that wait for the next block, because the outlier rule also compares a tick with later ones. */
const AHEAD = 10;

/**
 * Finds outliers in a stream of one instrument's ticks, block by block, so that memory stays flat. Each block is checked together with the
 * ticks before it; its last ticks are checked with the next block.
 */
export class OutlierScan {
  readonly #market: MarketKind;
  readonly #onOutlier: (position: number, flagged: boolean) => void;
  readonly #blocks = new Map<TickKind, Block>();

  constructor(market: MarketKind, onOutlier: (position: number, flagged: boolean) => void) {
    this.#market = market;
    this.#onOutlier = onOutlier;
  }

  add(tick: ScannedTick): void {
    let block = this.#blocks.get(tick.kind);
    if (block === undefined) {
      block = { positions: [], time: [], price: [], size: [], flagged: [], decided: 0 };
      this.#blocks.set(tick.kind, block);
    }
    block.positions.push(tick.position);
    block.time.push(tick.time);
    block.price.push(tick.price);
    block.size.push(tick.size ?? Number.NaN);
    block.flagged.push(tick.flagged);
    if (block.positions.length >= BLOCK) this.#decide(block, block.positions.length - AHEAD);
  }

  /** Checks the remaining ticks, after the last one was added. */
  end(): void {
    for (const block of this.#blocks.values()) this.#decide(block, block.positions.length);
  }

  #decide(block: Block, to: number): void {
    const { positions, decided } = block;
    const flags = flagOutliers(
      {
        length: positions.length,
        time: Float64Array.from(block.time),
        price: Float64Array.from(block.price),
        size: Float64Array.from(block.size),
        buy: new Uint8Array(positions.length),
      },
      { market: this.#market },
    );
    for (let i = decided; i < to; i++) if (flags[i] === 1) this.#onOutlier(positions[i], block.flagged[i]);
    const drop = Math.max(0, to - CONTEXT);
    for (const column of [positions, block.time, block.price, block.size, block.flagged]) column.splice(0, drop);
    block.decided = to - drop;
  }
}

interface Block {
  readonly positions: number[];
  readonly time: number[];
  readonly price: number[];
  readonly size: number[];
  readonly flagged: boolean[];
  /** Number of ticks at the block's start that were already checked; later ticks are compared with them. */
  decided: number;
}
