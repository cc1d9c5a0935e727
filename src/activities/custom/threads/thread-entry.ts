import { totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { ResourceLimits } from 'node:worker_threads';

/** Threads need JavaScript: from source, that of the last build. */
export function threadEntry(name: 'pool-thread' | 'own-thread' | 'try-thread'): string {
  // as far from src/ in the sources as from dist/src/ in a build
  const bundle = import.meta.url.endsWith('.ts') ? '../../../../dist/bundle/' : '../../../../bundle/';
  return fileURLToPath(new URL(`${bundle}${name}.js`, import.meta.url));
}

const MIB = 1024 ** 2;

/** A thread that needs more than a quarter of the machine's memory ends, and not the worker with it. */
export const threadLimits = (): ResourceLimits => ({
  maxOldGenerationSizeMb: Math.round(Math.min(4096, Math.max(512, totalmem() / 4 / MIB))),
});
