import { connect } from 'node:net';
import { registerAttributes } from './search-attributes.ts';

const POLL_MS = 20;

/**
 * Waits until the server's frontend answers and its namespace exists and has our search attributes. Resolves with a reason when that
 * takes too long.
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
    // checks the port first, because a gRPC client waits a second after it finds a port closed
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
    // loaded late, because most commands never start a server
    const { connectTemporal } = await import('../../connection/connect-temporal.ts');
    const connection = await connectTemporal({ address, connectTimeout: 2_000 });
    try {
      await connection.withDeadline(Date.now() + 2_000, () => connection.workflowService.describeNamespace({ namespace }));
      // the server's own option for search attributes only works with a new database
      await connection.withDeadline(Date.now() + 2_000, () => registerAttributes(connection.operatorService, namespace));
      return true;
    } finally {
      await connection.close();
    }
  } catch {
    return false;
  }
}
