import { openUi } from '../src/cli/run/open-ui.ts';
import { Closers } from '../src/closers.ts';
import { createLog } from '../src/telemetry/log.ts';

/** Serves the live pages as `predictlab ui` does. Ends when its parent does. */
const log = createLog({ LOG_LEVEL: 'error' });
const closers = new Closers(log);
process.once('disconnect', () => void closers.close());
process.send?.(await openUi({ env: process.env, port: 0, closers, log }));
