import { describe, expect, it } from 'vitest';
import { queryRun } from '../../src/cli/records/find-run.ts';
import type { KnownRun, PredictLab } from '../../src/client.ts';

describe('a command about a run', () => {
  let described = 0;
  const labThatKnows = (known: Pick<KnownRun, 'open'> | undefined): PredictLab =>
    ({ describe: async () => (described++, known) }) as unknown as PredictLab;
  const query = (known: Pick<KnownRun, 'open'> | undefined, live: () => Promise<string>): Promise<string> =>
    queryRun(labThatKnows(known), 'r', { live, recorded: () => 'recorded' });

  it('asks Temporal what the run is only when the run does not answer', async () => {
    expect(await query({ open: true }, async () => 'the answer')).toBe('the answer');
    expect(described).toBe(0);
    await expect(query({ open: true }, () => Promise.reject(new Error('too busy')))).rejects.toThrow(
      'r does not answer; is a worker running (`predictlab worker`)? (too busy)',
    );
    expect(described).toBe(1);
  });
});
