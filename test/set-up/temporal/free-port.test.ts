import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { onFreePort } from '../../../src/set-up/temporal/free-port.ts';

const others: Server[] = [];
afterEach(async () => {
  for (const other of others.splice(0)) await new Promise((resolve) => other.close(resolve));
});

const occupy = async (port: number): Promise<void> => {
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  others.push(other);
};

/** Fails on a port in use as the SDK's native runtime does. */
const serve = async (port: number): Promise<number> => {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new Error('Failed to start prometheus metrics exporter: Address already in use (os error 98)', { cause: error });
  }
  others.push(server);
  return port;
};

it('a server starts on another port when a program takes the chosen one first', async () => {
  const tried: number[] = [];
  const port = await onFreePort(async (chosen) => {
    tried.push(chosen);
    if (tried.length < 3) await occupy(chosen);
    return await serve(chosen);
  });
  expect(tried).toHaveLength(3);
  expect(port).toBe(tried[2]);
});

it('a server whose ports are all taken fails with its own error', async () => {
  let tries = 0;
  const starting = onFreePort(async (chosen) => {
    tries++;
    await occupy(chosen);
    return await serve(chosen);
  });
  await expect(starting).rejects.toThrow(/Address already in use/);
  expect(tries).toBe(3);
});

it('a server that fails for another reason is not started again', async () => {
  let tries = 0;
  const starting = onFreePort(() => {
    tries++;
    throw new Error('no memory');
  });
  await expect(starting).rejects.toThrow('no memory');
  expect(tries).toBe(1);
});
