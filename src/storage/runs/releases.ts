import type { Queryable } from '../database/database.ts';

/** A change of the build to which new runs go. A build is null for unversioned workers. */
export interface RecordedRelease {
  readonly deployment: string;
  readonly action: 'canary' | 'promote' | 'rollback';
  readonly from: string | null;
  readonly to: string | null;
  /** Percentage of new runs that a canary gets; null for other actions. */
  readonly percent: number | null;
  /** `user@host` */
  readonly by: string;
}

/** Records a change of the build to which new runs go. */
export async function recordRelease(queryable: Queryable, { deployment, action, from, to, percent, by }: RecordedRelease): Promise<void> {
  await queryable.query(
    'insert into releases (deployment, action, from_build, to_build, percent, done_by) values ($1, $2, $3, $4, $5, $6)',
    [deployment, action, from, to, percent, by],
  );
}

/** Recorded changes of a deployment, oldest first. */
export async function releasesOf(
  queryable: Queryable,
  deployment: string,
): Promise<readonly (RecordedRelease & { readonly at: string })[]> {
  const { rows } = await queryable.query<RecordedRelease & { at: Date }>(
    `select deployment, action, from_build as "from", to_build as "to", percent, done_by as "by", at from releases where deployment = $1 order by id`,
    [deployment],
  );
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}
