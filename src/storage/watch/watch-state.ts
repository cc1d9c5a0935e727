import type { Json } from '../../contracts/run/pipeline-input.ts';
import type { Queryable } from '../database/database.ts';
import { jsonb } from '../database/jsonb.ts';

/** The state that was kept under a name; undefined when there is none. */
export async function noted<T extends Json>(queryable: Queryable, name: string): Promise<T | undefined> {
  const { rows } = await queryable.query<{ state: T }>('select state from watch_state where name = $1', [name]);
  return rows[0]?.state;
}

/** Keeps a state under a name for the next look, by any worker. */
export async function saveWatchState(queryable: Queryable, name: string, state: Json): Promise<void> {
  await queryable.query(
    `insert into watch_state (name, state, at) values ($1, $2, now()) on conflict (name) do update set state = excluded.state, at = now()`,
    [name, jsonb(state)],
  );
}

/**
 * Takes the turn of a name, if it is free: one of all workers of the database gets it, once per period. @returns whether this worker has it
 *
 * @param everyMs milliseconds
 */
export async function takeTurn(queryable: Queryable, name: string, everyMs: number): Promise<boolean> {
  const { rowCount } = await queryable.query(
    `insert into watch_state (name, state, at) values ($1, 'null', now()) on conflict (name) do update set at = now()
     where watch_state.at <= now() - make_interval(secs => $2)`,
    [`turn/${name}`, everyMs / 1000],
  );
  return rowCount === 1;
}

/** Extends a turn, so that no other worker takes it. */
export async function keepTurn(queryable: Queryable, name: string): Promise<void> {
  await queryable.query('update watch_state set at = now() where name = $1', [`turn/${name}`]);
}

/** Ends a turn early, so that the next worker need not wait. */
export async function endTurn(queryable: Queryable, name: string): Promise<void> {
  await queryable.query('delete from watch_state where name = $1', [`turn/${name}`]);
}
