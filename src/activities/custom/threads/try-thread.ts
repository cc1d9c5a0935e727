import { parentPort, workerData } from 'node:worker_threads';
import { importPlugin } from '../import-plugin.ts';

/** Loads a plugin to check that loading ends; its result is not used. */
const { module, timeoutMs } = workerData as { readonly module: string; readonly timeoutMs: number };
const ended = (): void => parentPort?.postMessage('ended');
importPlugin(module, { timeoutMs }).then(ended, ended);
