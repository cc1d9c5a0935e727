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

interface Replayed {
  readonly histories: number;
  readonly broken: readonly BrokenHistory[];
}

/** Replays histories against the workflows of this build, one after another. It changes nothing. */
export async function replayAll(histories: AsyncIterable<RecentHistory>): Promise<Replayed> {
  // Imported here and not at the top, because the native bridge is slow to load and only replays need it.
  const { DefaultLogger, Runtime, Worker } = await import('@temporalio/worker');
  // The SDK's log is off: it would repeat each broken history, which the result lists, with its stack.
  Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined), telemetryOptions: { logging: { forward: {}, filter: 'OFF' } } });
  const dataConverter = dataConverterOf(process.env, { forWorkflows: true });
  const how = { ...workflowCode(isSealing(dataConverter)), dataConverter };
  return await replayEach(histories, (rest) => Worker.runReplayHistories(how, rest));
}

/**
 * Replays each history, also those after one that ends the whole replay.
 * @param replay takes one history at a time and yields its error, if any; throws at a payload that this build cannot decode
 */
export async function replayEach(
  histories: AsyncIterable<RecentHistory>,
  replay: (rest: AsyncIterable<RecentHistory>) => AsyncIterable<{ readonly error?: Error }>,
): Promise<Replayed> {
  const broken: BrokenHistory[] = [];
  let done = 0;
  let current: RecentHistory | undefined;
  const source = histories[Symbol.asyncIterator]();
  async function* rest(): AsyncGenerator<RecentHistory> {
    for (let next = await source.next(); next.done !== true; next = await source.next()) yield (current = next.value);
  }
  const answer = ({ type, workflowId }: RecentHistory, error: Error | undefined): void => {
    if (error !== undefined) broken.push({ type, workflowId, reason: reasonOf(error) });
    current = undefined;
    done++;
  };
  for (;;) {
    try {
      for await (const { error } of replay(rest())) answer(current as RecentHistory, error);
      return { histories: done, broken };
    } catch (error) {
      // The history of a payload that cannot be decoded counts as broken.
      if (current === undefined) throw error;
      answer(current, error instanceof Error ? error : new Error(String(error)));
    }
  }
}

function reasonOf(error: Error): string {
  const line = error.message.replaceAll(/\s*\n\s*/g, ' ').trim();
  return line.length > MAX_REASON_LENGTH ? `${line.slice(0, MAX_REASON_LENGTH)}…` : line;
}
