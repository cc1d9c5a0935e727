import { totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { ResourceLimits } from 'node:worker_threads';

/** Path of a thread's entry. Threads need JavaScript, so a process that runs from source uses the last build. */
export function threadEntry(name: 'pool-thread' | 'own-thread' | 'try-thread'): string {
  // the bundles lie in dist/bundle
  const bundle = import.meta.url.endsWith('.ts') ? '../../../../dist/bundle/' : '../../../../bundle/';
  return fileURLToPath(new URL(`${bundle}${name}.js`, import.meta.url));
}

const MIB = 1024 ** 2;

/** Memory limit of a thread: a quarter of the machine's memory, within 512 MB to 4 GB. A thread that exceeds it ends without the worker. */
export const threadLimits = (): ResourceLimits => ({
  maxOldGenerationSizeMb: Math.round(Math.min(4096, Math.max(512, totalmem() / 4 / MIB))),
});
