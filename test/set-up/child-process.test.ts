import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { howEnded, runCommandLine, stopProcess } from '../../src/set-up/processes/child-process.ts';

/** A process that runs a script and has said that it is ready. */
const started = async (script: string) => {
  const child = spawn(process.execPath, ['-e', `${script}; console.log('ready'); setInterval(() => 0, 1000);`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  return child;
};

it('a process is stopped by a signal, and killed when it has not exited in time', async () => {
  const obedient = await started('');
  await stopProcess(obedient);
  expect(obedient.signalCode).toBe('SIGTERM');
  const polite = await started("process.on('SIGTERM', () => process.exit(4))");
  await stopProcess(polite);
  expect(polite.exitCode).toBe(4);
  await stopProcess(polite);
  const deaf = await started("process.on('SIGTERM', () => 0)");
  await stopProcess(deaf, 50);
  expect(deaf.signalCode).toBe('SIGKILL');
});

it('a process that could not be started needs no stop', async () => {
  const missing = spawn('/nowhere/program');
  await once(missing, 'error');
  await stopProcess(missing);
  expect(missing.pid).toBeUndefined();
});

it('the end of a process is said by its exit code or its signal', () => {
  expect(howEnded(3, null)).toBe('ended with exit code 3');
  expect(howEnded(null, 'SIGTERM')).toBe('ended by SIGTERM');
});

it('a command of this installation resolves with its exit code, and with 128 + n when signal n ended it', async () => {
  const env = { PATH: process.env['PATH'] };
  const never = new Promise<NodeJS.Signals>(() => undefined);
  expect(await runCommandLine(['--version'], { env, stopped: never })).toBe(0);
  expect(await runCommandLine(['--no-such-option'], { env, stopped: never })).toBe(2);
  expect(await runCommandLine(['--version'], { env, stopped: Promise.resolve('SIGTERM') })).toBe(143);
});
