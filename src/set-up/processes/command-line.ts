import { fileURLToPath } from 'node:url';

/** How to start another `predictlab` command as a process: this Node.js on our own executable. */
export function commandLine(args: readonly string[]): { command: string; args: string[] } {
  // both src/ (tests) and dist/src/ (built) lie below the package's folder
  const executable = fileURLToPath(
    new URL(import.meta.url.includes('/dist/src/') ? '../../../../bin/predictlab.js' : '../../../bin/predictlab.js', import.meta.url),
  );
  return { command: process.execPath, args: [executable, ...args] };
}
