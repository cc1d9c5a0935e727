import type { Instrument, TimeRange } from '../../../contracts/market-data.ts';
import { UNSEEN_LATENESS_MS } from '../../../market/lateness.ts';
import { SETTLE_MS } from '../../../sources/catalogue/market-life.ts';
import type { Database } from '../../../storage/database/database.ts';
import { noteTradeAfterEnd } from '../../../storage/markets/instruments.ts';
import { type CollectProgress, holdCollect, saveCollectProgress } from '../../../storage/staging/collect-progress.ts';
import { stageGrain } from '../../../storage/staging/settle-grains.ts';
import { ensureBatch, stageCoverage, stagePage } from '../../../storage/staging/staging.ts';
import { collectedOf } from '../../../storage/ticks/coverage.ts';
import { noteInstrumentLateness, noteLateness } from '../../../storage/ticks/lateness.ts';
import { areStored, hasTradesBefore } from '../../../storage/ticks/ticks.ts';
import type { InstrumentStaging } from './collect-instrument.ts';

export interface StagingPlace {
  readonly database: Database;
  readonly executionId: string;
  readonly symbol: string;
  /** Mark of this attempt, which has claimed the staging of the symbol (see `claimCollect`). */
  readonly owner: string;
  readonly instrumentKey: number;
  /** Number of withdrawals of the instrument's coverage when this walk was planned. */
  readonly withdrawals: number;
  readonly asOf: number;
  readonly progress: CollectProgress | undefined;
  /** Ranges in doubt, because their trades contradict the venue's totals, that are not due for another walk. */
  readonly doubted: readonly TimeRange[];
}

/** Creates the staging of one instrument in the database. A page, its coverage and its cursor are stored in one transaction. */
export function instrumentStaging({
  database,
  executionId,
  symbol,
  owner,
  instrumentKey,
  withdrawals,
  asOf,
  progress,
  doubted,
}: StagingPlace): InstrumentStaging {
  const key = { executionId, symbol, instrumentKey, withdrawals };
  let lookedBefore: number | null = null;
  // whether this look is at least an hour after the one before, so that it shows how late the market's rows arrive
  const isSecondLook = (looked: number | null): boolean =>
    looked !== null && lookedBefore !== null && looked - lookedBefore >= UNSEEN_LATENESS_MS;
  return {
    progress,
    async before() {
      const { trade, price } = await collectedOf(database, instrumentKey);
      lookedBefore = trade.looked;
      return {
        doubted,
        covered: { trade: trade.covered, price: price.covered },
        looked: { trade: trade.looked, price: price.looked },
        isStored: (rows) => areStored(database, instrumentKey, rows),
        hasTradesBefore: (time, since) => hasTradesBefore(database, instrumentKey, time, since),
      };
    },
    async keep({ pageNumber, order, rows, kind, coverage, walked, points }, instrument: Instrument, reached) {
      await database.transaction(async (transaction) => {
        await holdCollect(transaction, { executionId, symbol, owner });
        const batch = await ensureBatch(transaction, key);
        await stagePage(transaction, { ...key, batch, pageNumber, order, rows });
        await stageCoverage(transaction, { ...key, batch, kind, ranges: coverage, ...(walked && { look: walked }) });
        if (points !== undefined) await stageGrain(transaction, { ...key, batch, ...points });
        if (walked !== undefined) {
          if (walked.lateBy > 0) await noteLateness(transaction, instrument.source, walked.lateBy, asOf);
          if (kind === 'trade' && (walked.lateBy > 0 || isSecondLook(walked.looked)))
            await noteInstrumentLateness(transaction, instrumentKey, walked.lateBy, asOf);
          await noteTradeAfterEnd(transaction, instrumentKey, instrument, SETTLE_MS);
        }
        await saveCollectProgress(transaction, batch, reached);
      });
    },
    async finish(reached) {
      await database.transaction(async (transaction) => {
        await holdCollect(transaction, { executionId, symbol, owner });
        await saveCollectProgress(transaction, await ensureBatch(transaction, key), reached);
      });
    },
  };
}
