import { connect } from 'node:net';
import { join } from 'node:path';
import { connectionSettings } from '../database/connection-settings.ts';
import { socketUrl } from '../database/database-url.ts';
import { SteadyClient } from '../database/steady-client.ts';

/** How a server answers a new connection; `nothing`: there is no server, or it is stuck. */
export type ServerAnswer = 'ready' | 'starting' | 'stopping' | 'nothing';

const ANSWER_TIMEOUT_MS = 2_000;

/** Connects to the server at a socket and returns how it answers. */
export async function answerOf(socket: string): Promise<ServerAnswer> {
  const client = new SteadyClient({ ...connectionSettings(socketUrl(socket, 'postgres')), connectionTimeoutMillis: ANSWER_TIMEOUT_MS });
  try {
    await client.connect();
    return 'ready';
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== '57P03') return 'nothing';
    return /shutting down/.test(error.message) ? 'stopping' : 'starting';
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Whether a process listens at a socket, in this container or another. A socket that a dead server left behind refuses. */
export async function isListening(socket: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const connection = connect(join(socket, '.s.PGSQL.5432'));
    const end = (listening: boolean): void => {
      connection.destroy();
      resolve(listening);
    };
    connection.once('connect', () => end(true));
    // a full queue means that the server is alive
    connection.once('error', (error: NodeJS.ErrnoException) => end(error.code === 'EAGAIN'));
  });
}
