import { expect, it } from 'vitest';
import type { RecentHistory } from '../../src/client/deployments/deployments.ts';
import { replayEach } from '../../src/worker/replay-histories.ts';

const historyOf = (workflowId: string) => ({ type: 'pipeline', workflowId, history: {} }) as RecentHistory;

async function* stored(ids: readonly string[]): AsyncGenerator<RecentHistory> {
  for (const id of ids) yield historyOf(id);
}

/** Replays as the SDK does: takes a history, then yields its result. `errors` names histories with an error, `ends` those at which it throws. */
const replaying = ({ errors = {}, ends = {} }: { errors?: Record<string, Error>; ends?: Record<string, unknown> }) =>
  async function* (rest: AsyncIterable<RecentHistory>): AsyncGenerator<{ error?: Error }> {
    for await (const { workflowId } of rest) {
      if (workflowId in ends) throw ends[workflowId];
      yield { error: errors[workflowId] };
    }
  };

it('every history is replayed, and those with an error are listed with its first 400 characters in one line', async () => {
  const errors = { b: new Error(' no\n  such activity '), c: new Error('x'.repeat(400)), d: new Error('x'.repeat(401)) };
  expect(await replayEach(stored(['a', 'b', 'c', 'd']), replaying({ errors }))).toEqual({
    histories: 4,
    broken: [
      { type: 'pipeline', workflowId: 'b', reason: 'no such activity' },
      { type: 'pipeline', workflowId: 'c', reason: 'x'.repeat(400) },
      { type: 'pipeline', workflowId: 'd', reason: `${'x'.repeat(400)}…` },
    ],
  });
  expect(await replayEach(stored([]), replaying({}))).toEqual({ histories: 0, broken: [] });
});

it('a history that ends the whole replay counts as broken, and those after it are replayed', async () => {
  const ends = { b: new Error('cannot decode'), c: 'a text' };
  expect(await replayEach(stored(['a', 'b', 'c', 'd']), replaying({ ends, errors: { d: new Error('late') } }))).toEqual({
    histories: 4,
    broken: [
      { type: 'pipeline', workflowId: 'b', reason: 'cannot decode' },
      { type: 'pipeline', workflowId: 'c', reason: 'a text' },
      { type: 'pipeline', workflowId: 'd', reason: 'late' },
    ],
  });
});

it('an error that belongs to no history is thrown', async () => {
  const broken = async function* (): AsyncGenerator<RecentHistory> {
    yield historyOf('a');
    throw new Error('no connection');
  };
  await expect(replayEach(broken(), replaying({}))).rejects.toThrow('no connection');
});
