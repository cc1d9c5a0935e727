import { connect } from 'node:net';
import { registerAttributes } from './search-attributes.ts';

const POLL_MS = 20;

/**
 * Ready = the frontend answers, the namespace is there and has our search attributes; all are asked, nothing is assumed from the clock. Resolves with a
 * reason when that takes too long.
 */
export async function waitUntilReady(options: {
  address: string;
  namespace: string;
  timeoutMs: number;
  signal: AbortSignal;
}): Promise<string | undefined> {
  const { address, namespace, timeoutMs, signal } = options;
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline && !signal.aborted) {
    // the port first: a gRPC client that finds it closed waits a second before it looks again
    if ((await isListening(address)) && (await answers(address, namespace))) return undefined;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return `no answer within ${timeoutMs / 1000} s`;
}

function isListening(address: string): Promise<boolean> {
  const [host, port] = address.split(':');
  return new Promise((resolve) => {
    const socket = connect(Number(port), host);
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function answers(address: string, namespace: string): Promise<boolean> {
  try {
    // loaded late: most commands that may start a server do not
    const { connectTemporal } = await import('../../connection/connect-temporal.ts');
    const connection = await connectTemporal({ address, connectTimeout: 2_000 });
    try {
      await connection.withDeadline(Date.now() + 2_000, () => connection.workflowService.describeNamespace({ namespace }));
      // the server's own option for them counts only where its database is new
      await connection.withDeadline(Date.now() + 2_000, () => registerAttributes(connection.operatorService, namespace));
      return true;
    } finally {
      await connection.close();
    }
  } catch {
    return false;
  }
}
