import type { RecentHistory } from '../client/deployments/recent-histories.ts';
import { dataConverterOf, isSealing } from '../secrets/data-converter.ts';
import { workflowCode } from './workflow-code.ts';

/** A history that this build's workflows do not go along with. */
export interface BrokenHistory {
  readonly type: string;
  readonly workflowId: string;
  /** One line. */
  readonly reason: string;
}

/** Characters of a reason: what the SDK says at length is the same for every one of its kind. */
const LONGEST_REASON = 400;

/** Replays histories against the workflows of this build, one after the other. Nothing is changed anywhere. */
export async function replayAll(histories: AsyncIterable<RecentHistory>): Promise<{ histories: number; broken: readonly BrokenHistory[] }> {
  // The native bridge: only who replays pays for loading it, not every command of `deploy`.
  const { DefaultLogger, Runtime, Worker } = await import('@temporalio/worker');
  // What is broken is in the answer; the SDK would also write each with its stack.
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
  return line.length > LONGEST_REASON ? `${line.slice(0, LONGEST_REASON)}…` : line;
}
