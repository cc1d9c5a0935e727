import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import type { FromHealthThread, HealthThreadData, ToHealthThread } from './health.ts';
import { healthAnswer } from './health-answer.ts';

/** Serves the health port on a thread of its own, so that it answers even while the worker's event loop is busy. */
const { host, port, beats: shared } = workerData as HealthThreadData;
const LOOK_MS = 1_000;
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

const stuckMs = (): number => {
  look();
  return performance.now() - seenAt;
};

const server = createServer((request, response) => {
  void healthAnswer(request.url, { stuckMs, notReady }).then(({ status, body }) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
  );
});
server.on('error', (error: NodeJS.ErrnoException) => {
  if (server.listening) return say({ warning: error.message });
  if (error.code !== 'EADDRINUSE' || port === 0) return say({ failed: error.message });
  say({ warning: `${host}:${port} is in use, so another port was taken` });
  server.listen(0, host);
});
server.on('listening', () => say({ port: (server.address() as AddressInfo).port }));
server.listen(port, host);
