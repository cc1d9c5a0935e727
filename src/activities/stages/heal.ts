import type { Log } from '../../contracts/log.ts';
import { assessTick } from '../../market/assess-tick.ts';
import { identifyPage, type ReadRow } from '../../sources/candidate.ts';
import { rereadRow } from '../../sources/create-sources.ts';
import type { Database } from '../../storage/database/database.ts';
import { instrumentsByKey, type StoredInstrument } from '../../storage/markets/instruments.ts';
import { newImportId } from '../../storage/staging/import-progress.ts';
import { clearStaging, stagePage } from '../../storage/staging/staging.ts';
import { markHealed, type QuarantinedRow, quarantinedRows } from '../../storage/ticks/quarantine.ts';
import { cleanAndStore } from './store.ts';

export interface HealRequest {
  readonly database: Database;
  readonly log: Log;
  /** Only this symbol's rows. @default all */
  readonly symbol?: string | undefined;
  readonly dryRun: boolean;
  /** Rows after this instant stay in quarantine; UTC epoch milliseconds. */
  readonly asOf: number;
}

export interface Healed {
  readonly symbol: string;
  readonly instrument: string;
  readonly rows: number;
  /** Number of rows that this build can read and that become ticks (in a dry run, would become ticks). */
  readonly healed: number;
  /** Number of healed rows that were not stored yet; null in a dry run. */
  readonly inserted: number | null;
}

/** Stores quarantined rows that this build can now read, and marks them as healed. Claims no coverage; the next run builds the candles. */
export async function heal({ database, log, symbol, dryRun, asOf }: HealRequest): Promise<readonly Healed[]> {
  const executionId = newImportId();
  const ends: Healed[] = [];
  for await (const rows of quarantinedRows(database, symbol)) {
    const [{ instrumentKey, symbol: name }] = rows;
    const instrument = (await instrumentsByKey(database, [instrumentKey])).get(instrumentKey) as StoredInstrument;
    const good = await readable(rows, instrument, asOf);
    const end = { symbol: name, instrument: instrument.id, rows: rows.length, healed: good.length };
    if (dryRun || good.length === 0) {
      ends.push({ ...end, inserted: dryRun ? null : 0 });
      continue;
    }
    const page = identifyPage(good.map(({ read }) => read));
    // sorted newest first, as venues deliver rows, so that trades of the same second get the same identity and order as when collected
    const staged = page.toSorted((a, b) => (b.time as number) - (a.time as number));
    try {
      await stagePage(database, { executionId, symbol: name, instrumentKey, pageNumber: 0, order: 'newest-first', rows: staged });
      const healed = [...(await cleanAndStore({ database, log, executionId, symbol: name, asOf })).values()];
      const inserted = healed.reduce((sum, one) => sum + one.inserted, 0);
      const ids = good.map(({ id }) => id);
      await markHealed(database, ids);
      ends.push({ ...end, inserted });
    } finally {
      // an error here is ignored: a worker removes rows that stay in staging, as after a killed import
      await clearStaging(database, { executionId }).catch(() => undefined);
    }
  }
  return ends;
}

async function readable(rows: readonly QuarantinedRow[], instrument: StoredInstrument, asOf: number) {
  const facts = { market: instrument.market, opensAt: instrument.opensAt, tickSize: instrument.tickSize, asOf };
  const again: { readonly id: QuarantinedRow['id']; readonly read: ReadRow }[] = [];
  for (const { id, kind, row } of rows) {
    const read = await rereadRow(row, kind, instrument);
    if (read === undefined || read.defect !== null) continue;
    const [candidate] = identifyPage([read]);
    if (assessTick(candidate, facts).verdict === 'ok') again.push({ id, read });
  }
  return again;
}
