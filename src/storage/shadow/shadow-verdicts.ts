import { jsonb } from '../database/codes.ts';
import type { Queryable } from '../database/database.ts';
import type { Compared } from './compare-stored.ts';

/** Seconds of a stage over all symbols. `before`: those of another build with these inputs on this machine, else those of the run. */
export interface ShadowDuration {
  readonly stage: string;
  readonly seconds: number;
  readonly before: number | null;
}

export interface ShadowReport {
  readonly verdict: 'same' | 'differs';
  readonly runId: string;
  readonly build: string;
  readonly symbols: number;
  readonly rows: Compared;
  readonly candles: Compared;
  readonly metrics: Compared;
  readonly durations: readonly ShadowDuration[];
  /** One sentence for each difference from the run. */
  readonly differences: readonly string[];
  /** One sentence for each thing that can no longer be compared. */
  readonly leftOut: readonly string[];
}

export interface StoredShadow extends ShadowReport {
  readonly at: string;
}

/** Stores the verdict of a shadow, with its report. */
export async function saveShadow(
  queryable: Queryable,
  { executionId, host, report }: { readonly executionId: string; readonly host: string; readonly report: ShadowReport },
): Promise<void> {
  await queryable.query('insert into shadows (run_id, execution_id, build, host, verdict, report) values ($1, $2, $3, $4, $5, $6)', [
    report.runId,
    executionId,
    report.build,
    host,
    report.verdict,
    jsonb(report),
  ]);
}

/** The verdicts of builds on a run, newest first. */
export async function shadowsOfRun(queryable: Queryable, executionId: string): Promise<readonly StoredShadow[]> {
  const { rows } = await queryable.query<{ report: ShadowReport; at: Date }>(
    'select report, at from shadows where execution_id = $1 order by id desc',
    [executionId],
  );
  return rows.map(({ report, at }) => ({ ...report, at: at.toISOString() }));
}

/** The newest verdict on a build; undefined where it was never tried. */
export async function shadowOfBuild(queryable: Queryable, build: string): Promise<StoredShadow | undefined> {
  const { rows } = await queryable.query<{ report: ShadowReport; at: Date }>(
    'select report, at from shadows where build = $1 order by id desc limit 1',
    [build],
  );
  return rows[0] && { ...rows[0].report, at: rows[0].at.toISOString() };
}

/** Seconds by stage that the newest other build took for the same inputs on this machine. */
export async function earlierDurations(
  queryable: Queryable,
  { executionId, build, host }: { readonly executionId: string; readonly build: string; readonly host: string },
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await queryable.query<{ report: ShadowReport }>(
    'select report from shadows where execution_id = $1 and build <> $2 and host = $3 order by id desc limit 1',
    [executionId, build, host],
  );
  return new Map((rows[0]?.report.durations ?? []).map(({ stage, seconds }) => [stage, seconds]));
}
