import { installRuntime } from '../../src/worker/native-worker.ts';
import { silent } from './silent.ts';

/**
 * The SDK has one native runtime in a process, created by the first user: a test that replayed before any worker had started
 * left one of its own, beside which no later file's worker started. Which file comes first in a process is chance.
 */
await installRuntime(silent);
