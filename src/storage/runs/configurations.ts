import type { CatalogueEntry } from '../../contracts/catalogue.ts';
import { jsonb } from '../database/codes.ts';
import { type Queryable, type Transaction, withinTransaction } from '../database/database.ts';

export interface RunCode {
  readonly code: string;
  /** SHA-256 of the code of each plugin, hexadecimal, by its module. */
  readonly plugins: Readonly<Record<string, string>>;
}

export interface Configuration extends RunCode {
  readonly version: number;
  /** Time at which a run first used this version. */
  readonly at: string;
  /** A run's input without `asOf`, which is not part of the configuration. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly catalogue: readonly CatalogueEntry[];
}

export interface ConfigurationRuns {
  readonly version: number;
  readonly at: string;
  /** Ids of the runs that used this version, newest first. */
  readonly runs: readonly string[];
}

/** Key of the advisory lock for recording versions; arbitrary, but the same in every process. */
const VERSION_LOCK = 7_305_310_014;

/** Records a run's input, catalogue, plugins and code, and returns the version; an equal configuration keeps its earlier version. */
export async function recordConfiguration(
  queryable: Queryable,
  { input, code, plugins }: RunCode & { readonly input: unknown },
): Promise<number> {
  return await withinTransaction(queryable, async (transaction) => {
    const { rows } = await transaction.query<{ hash: string }>(
      `with standing as (
         select coalesce(jsonb_agg(jsonb_build_object('symbol', symbol, 'title', title, 'enabled', enabled, 'priority', priority, 'sources', sources)
             || case kind when 'universe' then '{"kind":"universe"}' else '{}' end::jsonb
             || case twins when '[]' then '{}' else jsonb_build_object('twins', twins) end
           order by symbol collate "C"), '[]') as entries from symbols where kind <> 'shard'
       ), named as (select encode(sha256(convert_to(entries::text, 'UTF8')), 'hex') as hash, entries from standing),
       kept as (insert into catalogues (hash, entries) select hash, entries from named on conflict do nothing)
       select hash from named`,
    );
    const of = [jsonb(withoutAsOf(input)), rows[0].hash, jsonb(plugins), code];
    const hash = `encode(sha256(convert_to(jsonb_build_array($1::jsonb, $2::text, $3::jsonb, $4::text)::text, 'UTF8')), 'hex')`;
    const find = async (): Promise<number | undefined> =>
      (await transaction.query<{ version: number }>(`select version from configurations where hash = ${hash}`, of)).rows[0]?.version;
    const known = await find();
    if (known !== undefined) return known;
    await transaction.query('select pg_advisory_xact_lock($1)', [VERSION_LOCK]);
    await transaction.query(
      `insert into configurations (version, hash, input, catalogue, plugins, code)
       select (select coalesce(max(version), 0) + 1 from configurations), ${hash}, $1, $2, $3, $4 on conflict (hash) do nothing`,
      of,
    );
    return (await find()) as number;
  });
}

function withoutAsOf(input: unknown): unknown {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return input ?? {};
  const { asOf: _asOf, ...rest } = input as Record<string, unknown>;
  return rest;
}

/** Every version with the runs that used it, newest first. */
export async function configurationHistory(queryable: Queryable): Promise<readonly ConfigurationRuns[]> {
  const { rows } = await queryable.query<{ version: number; at: Date; runs: string[] }>(
    `select version, at, array(select run_id from runs where configuration = version order by started_at desc, execution_id) as runs
     from configurations order by version desc`,
  );
  return rows.map(({ version, at, runs }) => ({ version, at: at.toISOString(), runs }));
}

/** One version of the configuration; undefined where it does not exist. */
export async function configurationOf(queryable: Queryable, version: number): Promise<Configuration | undefined> {
  const { rows } = await queryable.query<Omit<Configuration, 'at'> & { at: Date }>(
    `select c.version, c.at, c.input, k.entries as catalogue, c.plugins, c.code from configurations c join catalogues k on k.hash = c.catalogue
     where c.version = $1`,
    [version],
  );
  return rows[0] && { ...rows[0], at: rows[0].at.toISOString() };
}

/** Configuration version of a run, and the build that checked the run's input; undefined when the run has no version. */
export async function configurationHead(
  queryable: Queryable,
  executionId: string,
): Promise<{ readonly version: number; readonly code: string } | undefined> {
  const { rows } = await queryable.query<{ version: number; code: string }>(
    'select c.version, c.code from runs r join configurations c on c.version = r.configuration where r.execution_id = $1',
    [executionId],
  );
  return rows[0];
}

/** The configuration that a run used; undefined when the run has none. */
export async function configurationOfRun(queryable: Queryable, executionId: string): Promise<Configuration | undefined> {
  const { rows } = await queryable.query<{ configuration: number | null }>('select configuration from runs where execution_id = $1', [
    executionId,
  ]);
  const version = rows[0]?.configuration;
  return version === null || version === undefined ? undefined : await configurationOf(queryable, version);
}

/** The schedule of the latest scheduled run that used a version; undefined where no such run was scheduled. */
export async function scheduleOf(queryable: Queryable, version: number): Promise<string | undefined> {
  const { rows } = await queryable.query<{ schedule: string }>(
    'select schedule_id as schedule from runs where configuration = $1 and schedule_id is not null order by started_at desc limit 1',
    [version],
  );
  return rows[0]?.schedule;
}

/** Deletes versions and catalogues that no run uses. */
export async function dropUnusedConfigurations(transaction: Transaction): Promise<void> {
  await transaction.query('delete from configurations c where not exists (select from runs where configuration = c.version)');
  await transaction.query('delete from catalogues k where not exists (select from configurations where catalogue = k.hash)');
}
