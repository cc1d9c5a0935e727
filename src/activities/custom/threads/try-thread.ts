import { parentPort, workerData } from 'node:worker_threads';
import { importPlugin } from '../import-plugin.ts';
import type { TryMessage } from './thread-entry.ts';

/** Entry of a temporary thread that loads a plugin only to check that loading ends. */
const { module, timeoutMs } = workerData as { readonly module: string; readonly timeoutMs: number };
const send = (message: TryMessage): void => parentPort?.postMessage(message);
const ended = (): void => send('ended');
send('loading');
importPlugin(module, { timeoutMs }).then(ended, ended);
