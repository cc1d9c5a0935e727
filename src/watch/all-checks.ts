import type { RateLimit } from '../budget/rate-limits.ts';
import { PredictLab } from '../client.ts';
import type { Log } from '../contracts/log.ts';
import type { Database } from '../storage/database/database.ts';
import { diskCheck } from './checks/disk.ts';
import { unrecordedEndsCheck } from './checks/ended-outside.ts';
import { scheduleCheck } from './checks/schedules.ts';
import { connectionCheck, deadlineCheck, goneCheck, requestBudgetCheck, staleCheck } from './checks/stored-facts.ts';
import { upkeepCheck } from './checks/upkeep.ts';
import type { Check } from './watch.ts';

export interface WatchedThings {
  readonly database: Database;
  /** The home folder (`PREDICTLAB_HOME`). */
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  readonly taskQueue: string;
  /** The venues' rate limits, by the name of the family of routes that shares a limit. */
  readonly limits: Readonly<Record<string, RateLimit>>;
  readonly onNews: () => void;
  readonly log: Log;
}

/** All periodic checks of a worker. They connect to Temporal when a check first needs it. */
export function allChecks({ database, home, env, taskQueue, limits, onNews, log }: WatchedThings): {
  readonly list: readonly Check[];
  close(): Promise<void>;
} {
  let connected: Promise<PredictLab> | undefined;
  const lab = async (): Promise<PredictLab> => {
    connected ??= PredictLab.connect({ env, taskQueue });
    try {
      return await connected;
    } catch (error) {
      connected = undefined;
      throw error;
    }
  };
  return {
    list: [
      unrecordedEndsCheck({ database, lab, onNews, log }),
      scheduleCheck({ database, schedules: async () => (await lab()).schedules }),
      deadlineCheck({ database, lab, log }),
      staleCheck({ database }),
      diskCheck({ database, home }),
      connectionCheck({ database }),
      requestBudgetCheck({ database, limits }),
      goneCheck({ database }),
      upkeepCheck({ database, home, log }),
    ],
    async close() {
      const opened = await connected?.catch(() => undefined);
      await opened?.close();
    },
  };
}
