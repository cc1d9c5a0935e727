import { type ChildProcess, spawn } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { isListenedOnBy, processIdentity, programOf } from '../../src/processes/process-identity.ts';

const onLinux = process.platform === 'linux';
/** Larger than any pid. */
const NO_PID = 999_999_999;
const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

/** Starts a process that leads a session of its own. @returns its pid and the first number that it prints */
async function printed(command: string, args: readonly string[]): Promise<{ pid: number; number: number }> {
  const child = spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  started.push(child);
  return { pid: child.pid!, number: Number(await new Promise((resolve) => child.stdout.once('data', resolve))) };
}

describe.runIf(onLinux)('what Linux shows of a process', () => {
  it('has the start time, the boot and the container in its identity', () => {
    expect(processIdentity(process.pid)).toMatch(/^\d+ \d+ [0-9a-f-]{36} pid:\[\d+\]$/);
    expect(processIdentity(NO_PID)).toBe(String(NO_PID));
  });

  it('has the name of its program, which is empty for a process that ended and was not reaped', async () => {
    const { pid, number: zombie } = await printed('sh', ['-c', 'sleep 30 & echo $!; exec sleep 30']);
    // the shell would reap its child, and sleep does not
    await expect.poll(() => programOf(pid)).toBe('sleep');
    process.kill(zombie, 'SIGKILL');
    await expect.poll(() => programOf(zombie)).toBe('');
    expect(programOf(NO_PID)).toBeUndefined();
  });

  it('has the ports on which its session listens', async () => {
    const listen = "const s = require('net').createServer().listen(0, '127.0.0.1', () => console.log(s.address().port))";
    const { pid, number: port } = await printed(process.execPath, ['-e', listen]);
    expect(isListenedOnBy(port, pid)).toBe(true);
    expect(isListenedOnBy(port, NO_PID)).toBe(false);
    expect(isListenedOnBy(0, pid)).toBeUndefined();
  });
});
