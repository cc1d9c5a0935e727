import { messageOf } from '../contracts/errors.ts';
import type { Log } from '../contracts/log.ts';
import { type Listening, listen } from './listen.ts';

/** Serves `/healthz` (the process runs) and `/readyz` (the worker polls and reaches its database; 503 with the reason otherwise). */
export async function serveHealth({ address, ready, log }: { address: string; ready: () => Promise<void>; log: Log }): Promise<Listening> {
  return await listen(
    (request, response) => {
      const answer = (status: number, body: Record<string, string>) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      };
      if (request.url === '/healthz') return answer(200, { status: 'ok' });
      if (request.url !== '/readyz') return answer(404, { error: 'use /healthz or /readyz' });
      ready().then(
        () => answer(200, { status: 'ready' }),
        (error: unknown) => answer(503, { status: 'not ready', reason: messageOf(error) }),
      );
    },
    { address, what: 'the health port', variable: 'HEALTH_ADDRESS', log },
  );
}
