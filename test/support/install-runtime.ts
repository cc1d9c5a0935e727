import { installRuntime } from '../../src/worker/native-worker.ts';
import { silent } from './silent.ts';

/**
 * The SDK has one native runtime per process, created at its first use. Without this line, a file that only replays histories would
 * create one with other options, with which no worker of a later file starts. The order of files is random.
 */
await installRuntime(silent);
