import { parentPort, workerData } from 'node:worker_threads';
import { importPlugin } from '../import-plugin.ts';

/** Loads a plugin to see that this ends; how it ends is nobody's concern here. */
const { module, timeoutMs } = workerData as { readonly module: string; readonly timeoutMs: number };
const ended = (): void => parentPort?.postMessage('ended');
importPlugin(module, { timeoutMs }).then(ended, ended);
