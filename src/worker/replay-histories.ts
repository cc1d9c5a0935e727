import type { RecentHistory } from '../client/deployments/recent-histories.ts';
import { dataConverterOf, isSealing } from '../secrets/data-converter.ts';
import { workflowCode } from './workflow-code.ts';

/** A history that this build's workflows cannot replay. */
export interface BrokenHistory {
  readonly type: string;
  readonly workflowId: string;
  /** One line. */
  readonly reason: string;
}

/** Most characters of a reason; the rest of the SDK's message is the same for every history. */
const MAX_REASON_LENGTH = 400;

/** Replays histories against the workflows of this build, one after another. It changes nothing. */
export async function replayAll(histories: AsyncIterable<RecentHistory>): Promise<{ histories: number; broken: readonly BrokenHistory[] }> {
  // Loaded late: the native bridge is slow to load, and only replays need it.
  const { DefaultLogger, Runtime, Worker } = await import('@temporalio/worker');
  // The answer lists broken histories; the SDK would also log each with its stack.
  Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined), telemetryOptions: { logging: { forward: {}, filter: 'OFF' } } });
  const types: string[] = [];
  async function* noted(): AsyncGenerator<RecentHistory> {
    for await (const one of histories) {
      types.push(one.type);
      yield one;
    }
  }
  const broken: BrokenHistory[] = [];
  let done = 0;
  const dataConverter = dataConverterOf(process.env);
  const how = { ...workflowCode(isSealing(dataConverter)), dataConverter };
  for await (const { workflowId, error } of Worker.runReplayHistories(how, noted())) {
    if (error !== undefined) broken.push({ type: types[done], workflowId, reason: reasonOf(error) });
    done++;
  }
  return { histories: done, broken };
}

function reasonOf(error: Error): string {
  const line = error.message.replaceAll(/\s*\n\s*/g, ' ').trim();
  return line.length > MAX_REASON_LENGTH ? `${line.slice(0, MAX_REASON_LENGTH)}…` : line;
}
