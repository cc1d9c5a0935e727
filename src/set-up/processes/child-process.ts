import type { ChildProcess } from 'node:child_process';

/** Ends a child process and waits until it has exited: SIGTERM, then SIGKILL after `graceMs`. */
export async function stopProcess(child: ChildProcess, graceMs = 15_000): Promise<void> {
  if (child.pid === undefined || hasExited(child)) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await gone;
  clearTimeout(timer);
}

/** How a child ended, as the end of a sentence. */
export const howEnded = (code: number | null, signal: NodeJS.Signals | null): string =>
  signal === null ? `ended with exit code ${code}` : `ended by ${signal}`;

const hasExited = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;
