import { randomUUID } from 'node:crypto';
import { messageOf } from '../contracts/errors.ts';
import type { Sink } from './sink.ts';

/** How each sink took a test alert: its error, where it did not take it. */
export async function tellTest(sinks: readonly Sink[]): Promise<readonly { readonly sink: string; readonly error: string | undefined }[]> {
  const now = new Date().toISOString();
  const incident = { id: 'test', cause: 'a test: nothing is wrong', openedAt: now, closedAt: now, runs: [], symbols: [] };
  const alert = { event: 'opened', text: 'PredictLab: this is a test, nothing is wrong', incident } as const;
  const key = `test-${randomUUID()}`;
  return await Promise.all(
    sinks.map(async (sink) => {
      try {
        await sink.send({ key, alert });
        return { sink: sink.name, error: undefined };
      } catch (error) {
        return { sink: sink.name, error: messageOf(error) };
      }
    }),
  );
}
