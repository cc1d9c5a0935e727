import { messageOf } from '../../contracts/errors.ts';
import type { Log } from '../../contracts/log.ts';
import { openDatabase } from '../../storage/database/open-database.ts';
import { resolveDatabase } from '../../storage/embedded/resolve-database.ts';
import { verifyData } from '../../storage/verify/verify.ts';
import type { CheckResult } from './check.ts';

/**
 * Compares candles with their ticks, and counts, coverage and staging with each other: one line per difference. Then it reports
 * inconsistent prices and markets that fell silent; these lines never fail.
 */
export async function checkData(env: NodeJS.ProcessEnv, log: Log, { sample }: { sample?: number } = {}): Promise<readonly CheckResult[]> {
  const name = 'data';
  try {
    const located = await resolveDatabase(env, log);
    try {
      const database = await openDatabase({ url: located.url, max: 2, applicationName: 'predictlab-doctor' });
      try {
        const { series, candles, ticks, findings, warnings, notes } = await verifyData(database, sample === undefined ? {} : { sample });
        const looked = `${candles.toLocaleString('en')} candles of ${series} series built again from ${ticks.toLocaleString('en')} ticks`;
        const action = 'store what is missing with `predictlab run --refetch`, or restore a backup; please report how it happened';
        return [
          ...findings.map((detail): CheckResult => ({ name, status: 'fail', detail, action })),
          ...warnings.map(({ detail, action: look }): CheckResult => ({ name, status: 'warn', detail, action: look })),
          ...notes.map((detail): CheckResult => ({ name, status: 'ok', detail })),
          ...(findings.length === 0 ? [{ name, status: 'ok', detail: `${looked}: all as stored` } satisfies CheckResult] : []),
        ];
      } finally {
        await database.close();
      }
    } finally {
      await located.close();
    }
  } catch (error) {
    return [{ name, status: 'fail', detail: messageOf(error), action: 'see Postgres', service: true }];
  }
}
