import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import type { FromHealthThread, HealthThreadData, ToHealthThread } from './health.ts';

/** Serves the health port on a thread of its own, so that it answers even while the worker's event loop is busy. */
const { host, port, beats: shared } = workerData as HealthThreadData;
const LOOK_MS = 1_000;
/** Milliseconds for which the worker's event loop may stand still before the worker counts as stuck. */
const STUCK_MS = 60_000;
/** Maximum time in milliseconds that `/readyz` waits for the worker's answer. */
const ANSWER_MS = 5_000;

const beats = new Int32Array(shared);
let seen = 0;
let seenAt = performance.now();
const look = (): void => {
  const now = Atomics.load(beats, 0);
  if (now !== seen) [seen, seenAt] = [now, performance.now()];
};
setInterval(look, LOOK_MS).unref();

const waiting = new Map<number, (reason: string | null) => void>();
let questions = 0;
const say = (message: FromHealthThread): void => parentPort?.postMessage(message);
parentPort?.on('message', ({ answer, reason }: ToHealthThread) => waiting.get(answer)?.(reason));

/** Asks the worker why it is not ready; null if it is ready. */
const notReady = (): Promise<string | null> =>
  new Promise((resolve) => {
    const question = ++questions;
    const end = (reason: string | null): void => {
      clearTimeout(timer);
      waiting.delete(question);
      resolve(reason);
    };
    const timer = setTimeout(() => end(`the worker has not answered for ${ANSWER_MS / 1000} s`), ANSWER_MS);
    waiting.set(question, end);
    say({ question });
  });

const server = createServer((request, response) => {
  const answer = (status: number, body: Record<string, string>): void =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  if (request.url === '/healthz') {
    look();
    const stuckMs = performance.now() - seenAt;
    if (stuckMs < STUCK_MS) answer(200, { status: 'ok' });
    else answer(503, { status: 'stuck', reason: `the worker's event loop has not run for ${Math.round(stuckMs / 1000)} s` });
  } else if (request.url === '/readyz') {
    void notReady().then((reason) => (reason === null ? answer(200, { status: 'ready' }) : answer(503, { status: 'not ready', reason })));
  } else answer(404, { error: 'use /healthz or /readyz' });
});
server.on('error', (error: NodeJS.ErrnoException) => {
  if (server.listening) return say({ warning: error.message });
  if (error.code !== 'EADDRINUSE' || port === 0) return say({ failed: error.message });
  say({ warning: `${host}:${port} is in use, so another port was taken` });
  server.listen(0, host);
});
server.on('listening', () => say({ port: (server.address() as AddressInfo).port }));
server.listen(port, host);
