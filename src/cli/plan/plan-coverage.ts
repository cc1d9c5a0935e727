import type { PlannedTask } from '../../contracts/run/pipeline-status.ts';
import type { RunConfig } from '../../contracts/run/run-config.ts';
import { windowOf } from '../../contracts/run/run-window.ts';
import { stageTaskId } from '../../contracts/words.ts';
import { STAGE_DETAIL_LIMIT } from '../../scheduling/run/run-events.ts';
import type { Database } from '../../storage/database/database.ts';
import { instrumentsOf } from '../../storage/markets/instruments.ts';
import { gapsOf } from '../../storage/ticks/coverage.ts';
import { latenessBySource } from '../../storage/ticks/lateness.ts';

/**
 * Adds to each `collect` how much of its window is stored already, so that a reader sees what will be fetched.
 *
 * @param database `undefined` when there is none yet
 */
export async function withCoverage(
  database: Database | undefined,
  { tasks, config }: { tasks: readonly PlannedTask[]; config: RunConfig },
): Promise<readonly PlannedTask[]> {
  // one query per instrument: affordable only for runs small enough to read
  if (config.symbols.length > STAGE_DETAIL_LIMIT) return tasks;
  const notes = new Map<string, string>();
  for (const { symbol } of config.symbols) notes.set(stageTaskId(symbol, 'collect'), await collectNote(database, symbol, config));
  return tasks.map((task) => {
    const note = task.action === 'run' ? notes.get(task.taskId) : undefined;
    return note === undefined ? task : { ...task, reason: `${task.reason}; ${note}` };
  });
}

async function collectNote(
  database: Database | undefined,
  symbol: string,
  { sourceTypes, daysBack, refetch, asOf }: RunConfig,
): Promise<string> {
  if (refetch) return 'fetches the whole window again (refetch)';
  const instruments = database === undefined ? [] : await instrumentsOf(database, symbol, sourceTypes);
  if (database === undefined || instruments.length === 0) return 'nothing is collected yet';
  const window = windowOf({ asOf, daysBack });
  const lateness = await latenessBySource(database, asOf);
  let lacking = 0;
  for (const { key, source, opensAt, closed, closedAt } of instruments) {
    const from = Math.max(window.from, opensAt ?? window.from);
    const to = Math.min(window.to - lateness(source), (closed ? closedAt : undefined) ?? window.to);
    if ((await gapsOf(database, key, 'trade', { from, to })).length > 0) lacking++;
  }
  return lacking === 0
    ? `all ${instruments.length} known instruments are covered`
    : `fetches what ${lacking} of ${instruments.length} known instruments lack`;
}
