import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { Client } from 'pg';
import { expect, it } from 'vitest';
import { until } from '../support/until.ts';

/** Whether a Temporal server accepts connections on this address. */
async function isTemporalUp(address: string): Promise<boolean> {
  const [host, port] = address.split(':');
  return await new Promise((resolve) => {
    const socket = connect(Number(port), host, () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** Whether a Postgres answers on this URL. */
async function isPostgresUp(connectionString: string): Promise<boolean> {
  const client = new Client({ connectionString });
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}

it.each(['SIGTERM', 'SIGINT'] as const)(
  'a test run that receives %s leaves no Temporal server and no Postgres running',
  async (signal) => {
    const args = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/support/hanging/vitest.config.ts'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    try {
      await until(() => printed.includes('hanging [') || child.exitCode !== null);
      const [, servers = 'null'] = /hanging (\[.*\])/.exec(printed) ?? [];
      const [temporal, postgres] = JSON.parse(servers) as [string, string];
      expect([await isTemporalUp(temporal), await isPostgresUp(postgres)]).toEqual([true, true]);
      child.kill(signal);
      await ended;
      await until(async () => !(await isTemporalUp(temporal)) && !(await isPostgresUp(postgres)));
    } finally {
      child.kill(signal);
      await ended;
    }
  },
  120_000,
);
