import type { SourceType } from '../../../contracts/words.ts';
import type { TimedVolume } from '../../../market/second-witness.ts';
import type { Sources } from '../../../sources/source.ts';
import type { Database } from '../../../storage/database/database.ts';
import { judgeHours, unseenHours } from '../../../storage/ticks/hourly-witness.ts';
import type { StageWork } from '../stage-work.ts';

/** Maximum number of markets whose hourly volumes one run reads. */
const MAX_MARKETS = 20;

/**
 * Compares the hourly volumes of venues that state them with the trades of a symbol's first collection. A market is read once, and again
 * while its time is in doubt. A venue that cannot be read is logged only, because the walks of the same run report it.
 *
 * @returns the market-hours compared, and those that agreed
 */
export async function compareHours(
  { database, sources }: { readonly database: Database; readonly sources: Sources },
  of: { readonly symbol: string; readonly sourceTypes: readonly SourceType[]; readonly asOf: number },
  { signal, log }: Pick<StageWork, 'signal' | 'log'>,
): Promise<{ readonly hours: number; readonly agreed: number }> {
  const total = { hours: 0, agreed: 0 };
  for (const type of of.sourceTypes) {
    const available = sources[type];
    if (available === undefined || !('source' in available) || available.source.hourlyVolumes === undefined) continue;
    const { source } = available;
    for (const { key, instrument, ...range } of await unseenHours(database, of.symbol, {
      ...of,
      sourceTypes: [type],
      most: MAX_MARKETS,
    })) {
      signal.throwIfAborted();
      let volumes: readonly TimedVolume[];
      try {
        volumes = (await source.hourlyVolumes?.({ instrument, range, asOf: of.asOf, signal })) ?? [];
      } catch (error) {
        log.warn(`${instrument.id}: its hourly volumes could not be read: ${source.describe(error).message}`);
        continue;
      }
      const { hours, agreed } = await database.transaction((transaction) => judgeHours(transaction, { key, volumes, asOf: of.asOf }));
      total.hours += hours;
      total.agreed += agreed;
    }
  }
  return total;
}
