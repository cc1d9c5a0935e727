import type { RecentHistory } from '../client/deployments/deployments.ts';
import { dataConverterOf, isSealing } from '../secrets/payload-codec.ts';
import { workflowCode } from './build-id.ts';

export interface BrokenHistory {
  readonly type: string;
  readonly workflowId: string;
  readonly reason: string;
}

/** Maximum number of characters of a reason; the rest of the SDK's message is the same for every history. */
const MAX_REASON_LENGTH = 400;

/** Replays histories against the workflows of this build, one after another. It changes nothing. */
export async function replayAll(histories: AsyncIterable<RecentHistory>): Promise<{ histories: number; broken: readonly BrokenHistory[] }> {
  // Imported here and not at the top, because the native bridge is slow to load and only replays need it.
  const { DefaultLogger, Runtime, Worker } = await import('@temporalio/worker');
  // The SDK's log is off: it would repeat each broken history, which the result lists, with its stack.
  Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined), telemetryOptions: { logging: { forward: {}, filter: 'OFF' } } });
  const dataConverter = dataConverterOf(process.env, { forWorkflows: true });
  const how = { ...workflowCode(isSealing(dataConverter)), dataConverter };
  const broken: BrokenHistory[] = [];
  let done = 0;
  const source = histories[Symbol.asyncIterator]();
  // Fetched histories in order; those with a result are replaced by undefined to free memory.
  const fetched: (RecentHistory | undefined)[] = [];
  let fetching: Promise<boolean> | undefined;
  const fetchNext = (): Promise<boolean> =>
    (fetching ??= source.next().then(({ done: isLast, value }) => {
      fetching = undefined;
      if (!isLast) fetched.push(value);
      return !isLast;
    }));
  async function* unanswered(): AsyncGenerator<RecentHistory> {
    for (let place = done; place < fetched.length || (await fetchNext()); place++) yield fetched[place] as RecentHistory;
  }
  const answer = (error: Error | undefined): void => {
    const { type, workflowId } = fetched[done] as RecentHistory;
    if (error !== undefined) broken.push({ type, workflowId, reason: reasonOf(error) });
    fetched[done++] = undefined;
  };
  for (let isOver = false; !isOver; ) {
    try {
      for await (const { error } of Worker.runReplayHistories(how, unanswered())) answer(error);
      isOver = true;
    } catch (error) {
      // A payload that this build cannot decode ends the whole replay: its history counts as broken, and the others continue.
      if (done >= fetched.length) throw error;
      answer(error instanceof Error ? error : new Error(String(error)));
    }
  }
  return { histories: done, broken };
}

function reasonOf(error: Error): string {
  const line = error.message.replaceAll(/\s*\n\s*/g, ' ').trim();
  return line.length > MAX_REASON_LENGTH ? `${line.slice(0, MAX_REASON_LENGTH)}…` : line;
}
