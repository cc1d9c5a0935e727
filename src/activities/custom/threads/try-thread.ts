import { parentPort, workerData } from 'node:worker_threads';
import { importPlugin } from '../import-plugin.ts';
import type { TryMessage } from './thread-entry.ts';

/** Loads a plugin to check that loading ends; its result is not used. */
const { module, timeoutMs } = workerData as { readonly module: string; readonly timeoutMs: number };
const send = (message: TryMessage): void => parentPort?.postMessage(message);
const ended = (): void => send('ended');
send('loading');
importPlugin(module, { timeoutMs }).then(ended, ended);
