import { executeChild, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { WorkShape } from './contestant.ts';
import type * as activities from './plain-activities.ts';

const { fibonacci, noop } = proxyActivities<typeof activities>({ startToCloseTimeout: '1 minute' });
const STAGES = ['collect', 'clean', 'store', 'kline', 'backtest', 'visualize'];

/** `count` activities one after another. */
export async function sequential({ count }: WorkShape): Promise<void> {
  for (let i = 0; i < count; i++) await fibonacci(30);
}

/** `count` activities at once. */
export async function parallel({ count }: WorkShape): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => fibonacci(30)));
}

/** `count` children of six activities each, `window` at once. */
export async function fanout({ count, window = count }: WorkShape): Promise<void> {
  const { workflowId } = workflowInfo();
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const i = next++;
      await executeChild(stages, { workflowId: `${workflowId}/${i}`, args: [`S${i}`] });
    }
  };
  await Promise.all(Array.from({ length: Math.min(window, count) }, lane));
}

export async function stages(symbol: string): Promise<void> {
  for (const stage of STAGES) await noop(stage, symbol);
}
