import type { Instrument } from '../../contracts/market-data.ts';
import { jsonb } from '../database/codes.ts';
import { type Database, type Queryable, withinTransaction } from '../database/database.ts';
import { lockInstruments } from './instrument-lock.ts';

/** The outcomes of a market and their ids at the venue, in the same order. */
export type Outcomes = Pick<Instrument, 'outcomes' | 'outcomeIds'>;

const STORED = "jsonb_build_object('outcomes', i.facts->'outcomes', 'outcomeIds', i.facts->'outcomeIds')";

/** Records outcomes that venues now state and that differ from the stored ones; `symbols accept` can accept them. */
export async function noteRefusedOutcomes(queryable: Queryable, refused: readonly Instrument[]): Promise<void> {
  for (const { id, outcomes, outcomeIds } of refused)
    await queryable.query(
      `insert into outcome_changes (instrument, proposed, before) select i.key, $2::jsonb, ${STORED} from instruments i where i.id = $1
       on conflict (instrument, proposed, before) do update set seen_at = now(), accepted_at = null`,
      [id, jsonb({ outcomes, outcomeIds })],
    );
}

export interface AcceptedOutcomes {
  readonly before: Outcomes;
  readonly after: Outcomes;
}

/**
 * Replaces the stored outcomes of a market by those that its venue named last; both stay recorded. Where only the order differs, prices
 * keep their meaning, since the first name stays first. Undefined when there is nothing to accept.
 */
export async function acceptOutcomes(database: Database, id: string): Promise<AcceptedOutcomes | undefined> {
  return await withinTransaction(database, async (transaction) => {
    const { rows } = await transaction.query<{ key: number; proposed: Outcomes; before: Outcomes }>(
      `select i.key, c.proposed, c.before from instruments i join outcome_changes c on c.instrument = i.key and c.before = ${STORED}
       where i.id = $1 and c.accepted_at is null order by c.seen_at desc limit 1`,
      [id],
    );
    if (rows.length === 0) return undefined;
    const [{ key, proposed, before }] = rows;
    await lockInstruments(transaction, [key]);
    const isReversed = proposed.outcomes[0] !== before.outcomes[0] && proposed.outcomes[0] === before.outcomes[1];
    const after = isReversed
      ? { outcomes: proposed.outcomes.toReversed(), outcomeIds: proposed.outcomeIds.toReversed() }
      : { outcomes: proposed.outcomes, outcomeIds: proposed.outcomeIds };
    await transaction.query('update instruments set facts = facts || $2::jsonb, updated_at = now() where key = $1', [key, jsonb(after)]);
    await transaction.query(
      'update outcome_changes set accepted_at = now() where instrument = $1 and proposed = $2::jsonb and before = $3::jsonb',
      [key, jsonb(proposed), jsonb(before)],
    );
    return { before, after };
  });
}
