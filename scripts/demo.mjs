// npm run demo: from a fresh clone to a finished run; everything after the set-up is `predictlab demo`
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT, runMain } from './set-up/project.mjs';
import { setUp } from './set-up/set-up.mjs';

await runMain(setUp);
if (process.exitCode === 0) {
  const executable = path.join(ROOT, 'bin/predictlab.js');
  process.argv.splice(1, 1, executable, 'demo');
  process.exitCode = undefined;
  await import(pathToFileURL(executable).href);
}
