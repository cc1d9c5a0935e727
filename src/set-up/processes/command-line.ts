import { fileURLToPath } from 'node:url';

/** The command that starts another `predictlab` command as a process: this Node.js with our own executable. */
export function commandLine(args: readonly string[]): { command: string; args: string[] } {
  // this module lies in src/ (tests) or dist/src/ (built)
  const executable = fileURLToPath(
    new URL(import.meta.url.includes('/dist/src/') ? '../../../../bin/predictlab.js' : '../../../bin/predictlab.js', import.meta.url),
  );
  return { command: process.execPath, args: [executable, ...args] };
}
