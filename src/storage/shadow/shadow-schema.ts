import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { badInput } from '../../contracts/errors.ts';
import { isForeign, isRunning, processIdentity } from '../../processes/process-identity.ts';
import type { Database, Queryable } from '../database/database.ts';
import { openDatabase } from '../database/open-database.ts';

/** A second set of tables in the same database, in a schema of its own. */
export interface ShadowSchema {
  readonly name: string;
  readonly database: Database;
  close(): Promise<void>;
}

const PREFIX = 'predictlab_shadow_';
/** How long a schema of another machine is kept, since nothing here shows whether it is in use. */
const FOREIGN_HOURS = 24;
const INSUFFICIENT_PRIVILEGE = '42501';

/** Creates a schema with empty tables. @throws PredictLabError `BadInput` when the database's user may not */
export async function openShadowSchema(main: Database): Promise<ShadowSchema> {
  await dropAbandonedSchemas(main);
  const name = `${PREFIX}${randomUUID().replaceAll('-', '').slice(0, 12)}`;
  const drop = async (): Promise<void> => void (await main.query(`drop schema if exists ${name} cascade`));
  try {
    const owner = JSON.stringify({ host: hostname(), process: processIdentity(process.pid), at: Date.now() });
    // one statement, so that no schema exists without a comment that names its owner
    await main.query(`do $$ begin create schema ${name}; comment on schema ${name} is '${owner.replaceAll("'", "''")}'; end $$`);
  } catch (error) {
    const { cause } = error as { cause?: { code?: string } };
    if ((cause?.code ?? (error as { code?: string }).code) !== INSUFFICIENT_PRIVILEGE) throw error;
    throw badInput(`the database's user may not create a schema for the trial: grant it "create" on the database`, {
      cause: error,
    });
  }
  try {
    const database = await openDatabase({ url: main.url, max: 4, applicationName: 'predictlab-shadow', schema: name });
    return {
      name,
      database,
      async close() {
        await database.close();
        await drop();
      },
    };
  } catch (error) {
    await drop();
    throw error;
  }
}

/** Drops the schemas that killed commands left. @returns how many there were */
export async function dropAbandonedSchemas(main: Queryable): Promise<number> {
  const { rows } = await main.query<{ name: string; owner: string | null }>(
    `select nspname as name, obj_description(oid, 'pg_namespace') as owner from pg_namespace where nspname like '${PREFIX.replaceAll('_', '\\_')}%'`,
  );
  const abandoned = rows.filter(({ owner }) => isAbandoned(owner));
  for (const { name } of abandoned) await main.query(`drop schema if exists ${name} cascade`);
  return abandoned.length;
}

function isAbandoned(owner: string | null): boolean {
  try {
    const { host, process: identity, at } = JSON.parse(owner ?? '') as { host: string; process: string; at: number };
    if (host === hostname() && !isForeign(identity)) return !isRunning(identity);
    return Date.now() - at > FOREIGN_HOURS * 3_600_000;
  } catch {
    // not written by this code, so not dropped
    return false;
  }
}
