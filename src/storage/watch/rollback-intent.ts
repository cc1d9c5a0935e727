import type { Database, Queryable, Transaction } from '../database/database.ts';
import { noted, noteForNextLook } from './watch-state.ts';

/** What a rollback of the configuration is about to change, in two places that no transaction holds together. */
export interface RollbackIntent {
  readonly version: number;
  /** Whose input is changed. */
  readonly schedule: string;
  /** UTC epoch milliseconds. */
  readonly at: number;
}

const NAME = 'config/rollback';
const LOCK = `hashtext('predictlab config rollback')`;

/** One rollback at a time; until the transaction ends. */
export async function takeRollback(transaction: Transaction): Promise<void> {
  await transaction.query(`select pg_advisory_xact_lock(${LOCK})`);
}

/** Notes what is about to be changed, before anything is: whoever is killed amid it leaves this behind. @param database not a transaction, which would take the note along */
export async function intendRollback(database: Database, intent: RollbackIntent): Promise<void> {
  await noteForNextLook(database, NAME, { intent: { ...intent } });
}

/** The rollback is done, or everything is as it was. @param version only one that went there. @default whichever */
export async function endRollback(queryable: Queryable, version?: number): Promise<void> {
  await queryable.query(`delete from watch_state where name = $1 and coalesce((state->'intent'->>'version')::int = $2::int, true)`, [
    NAME,
    version ?? null,
  ]);
}

/** A rollback that was cut off: its schedule may have been changed and the catalogue not. @returns undefined where there is none, or somebody is still at it */
export async function cutOffRollback(queryable: Queryable): Promise<RollbackIntent | undefined> {
  const left = await noted<{ intent: RollbackIntent & { readonly [key: string]: number | string } }>(queryable, NAME);
  if (left === undefined) return undefined;
  const { rows } = await queryable.query<{ free: boolean }>(`select pg_try_advisory_xact_lock(${LOCK}) as free`);
  return rows[0].free ? left.intent : undefined;
}

/** What to tell of it, one sentence. */
export const rollbackCutOff = ({ version, schedule, at }: RollbackIntent): string =>
  `the rollback of the configuration to version ${version} was cut off on ${new Date(at).toISOString()}: schedule ${schedule} may have the input of that version and the catalogue not; \`predictlab config rollback ${version}\` finishes it, \`config rollback\` to another version goes there instead`;
