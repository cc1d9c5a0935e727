import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';
import { badInput, messageOf } from '../contracts/errors.ts';
import type { Log } from '../contracts/log.ts';
import type { WorkerMetrics } from './metrics.ts';

export interface Listening {
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Serves HTTP on `host:port`. If the port is in use, for example by a second worker on the machine, it takes a free one and logs that.
 * @param options.what name of the service in messages @param options.variable environment variable that contains the address
 */
async function listen(
  listener: RequestListener,
  { address, what, variable, log }: { address: string; what: string; variable: string; log: Log },
): Promise<Listening> {
  const [host, port] = splitAddress(address, variable);
  const server = createServer(listener);
  const bind = (wanted: number) => once(server.listen(wanted, host), 'listening');
  try {
    await bind(port);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE')
      throw badInput(`${variable}=${address}: ${(error as Error).message}`, { cause: error });
    await bind(0);
    log.warn(`${what}: ${address} is in use, so another port was taken`, { port: (server.address() as AddressInfo).port });
  }
  // Such an error concerns one connection; the server continues to accept others.
  server.on('error', (error) => log.warn(`${what}: ${error.message}`));
  const bound = server.address() as AddressInfo;
  server.unref();
  return {
    address: `${host}:${bound.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Splits `host:port`. @throws PredictLabError BadInput that names the environment variable with the address */
export function splitAddress(address: string, variable: string): [host: string, port: number] {
  const at = address.lastIndexOf(':');
  const port = at + 1 === address.length ? Number.NaN : Number(address.slice(at + 1));
  if (at < 0 || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw badInput(`${variable}="${address}": write host:port, for example 127.0.0.1:9464`);
  }
  return [address.slice(0, at) || '127.0.0.1', port];
}

/** Serves `/metrics` in Prometheus's text format: PredictLab's metrics, then those of the Temporal SDK, which it reads from their port. */
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
