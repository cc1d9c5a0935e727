import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CustomTaskInput } from '../../src/contracts/run/pipeline-input.ts';
import { gate } from './stages.ts';

/** Custom tasks that run until they are released, however slow the machine is: they query a server that answers only then. */
export interface HeldTasks {
  /** @param options.hold the name that releases it. @default its id */
  task(
    taskId: string,
    options?: { readonly hold?: string; readonly dependencies?: string[] },
  ): CustomTaskInput & { dependencies: string[] };
  /** Releases the tasks of this name, also those that start later. */
  release(hold: string): void;
  close(): Promise<void>;
}

export async function holdTasks(): Promise<HeldTasks> {
  const gates = new Map<string, ReturnType<typeof gate>>();
  const gateOf = (hold: string): ReturnType<typeof gate> => {
    const known = gates.get(hold) ?? gate();
    gates.set(hold, known);
    return known;
  };
  const server = createServer((request, response) => {
    void gateOf((request.url ?? '/').slice(1)).opened.then(() => response.end('{}'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    task: (taskId, { hold = taskId, dependencies = [] } = {}) => ({
      taskId,
      activity: 'httpGet',
      args: [{ url: `${address}/${hold}` }],
      dependencies,
    }),
    release: (hold) => gateOf(hold).open(),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
