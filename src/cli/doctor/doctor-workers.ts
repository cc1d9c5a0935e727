import { nameOfIdentity } from '../../contracts/worker-identity.ts';
import type { CheckResult } from '../../set-up/checks/check.ts';

/** Who polls our task queue, and who did until lately; no line where Temporal is away. */
export async function checkWorkers(env: NodeJS.ProcessEnv): Promise<readonly CheckResult[]> {
  const name = 'worker';
  try {
    const [{ PredictLab }, { lastHeard, secondsSince }] = await Promise.all([
      import('../../client.ts'),
      import('../../client/deployments/polling.ts'),
    ]);
    const lab = await PredictLab.connect({ env });
    try {
      const polling = await lab.polling();
      const { taskQueue, pollers } = polling;
      const up = pollers.filter((poller) => poller.up);
      if (up.length === 0) {
        const action = 'start one with `predictlab worker`; until then runs wait';
        return [{ name, status: 'warn', detail: `none polls task queue ${taskQueue}${lastHeard(polling)}`, action }];
      }
      const gone = pollers
        .filter((poller) => !poller.up)
        .map((poller) => `; ${nameOfIdentity(poller.identity)} is gone, last heard of ${secondsSince(poller)} s ago`);
      const ages = up.map(secondsSince);
      const heard = up.length === 1 ? `heard of ${ages[0]} s ago` : `each heard of in the last ${Math.max(...ages)} s`;
      return [{ name, status: 'ok', detail: `${up.length} up on task queue ${taskQueue}, ${heard}${gone.join('')}` }];
    } finally {
      await lab.close();
    }
  } catch {
    // the line of the Temporal server says it
    return [];
  }
}
