import { request } from 'undici';
import { messageOf } from '../contracts/errors.ts';
import type { Log } from '../contracts/log.ts';
import { type Listening, listen } from './listen.ts';
import type { WorkerMetrics } from './metrics.ts';

/** Serves `/metrics` in Prometheus's text format: our metrics, then the Temporal SDK's, read from the port that serves them. */
export async function serveMetrics({
  address,
  metrics,
  sdkMetrics,
  log,
}: {
  address: string;
  metrics: WorkerMetrics;
  sdkMetrics: string | undefined;
  log: Log;
}): Promise<Listening> {
  const scrape = async (): Promise<string> => {
    const ours = await metrics.registry.metrics();
    if (sdkMetrics === undefined) return ours;
    const { body } = await request(`http://${sdkMetrics}/metrics`);
    return `${ours}\n${await body.text()}`;
  };
  return await listen(
    (incoming, response) => {
      if (incoming.url !== '/metrics') {
        response.writeHead(404).end('use /metrics\n');
        return;
      }
      scrape().then(
        (text) => response.writeHead(200, { 'content-type': metrics.registry.contentType }).end(text),
        (error: unknown) => response.writeHead(500).end(`${messageOf(error)}\n`),
      );
    },
    { address, what: 'the metrics port', variable: 'METRICS_ADDRESS', log },
  );
}
