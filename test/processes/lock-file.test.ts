import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { holdLock, lockOwner, tryLock, unlock, withLockFile } from '../../src/processes/lock-file.ts';
import { isGone, OWNER_MARK, ownerMark } from '../../src/processes/owner-mark.ts';
import { isForeign, isRunning, processIdentity } from '../../src/processes/process-identity.ts';
import { commandFailure, runCommand } from '../../src/processes/run-command.ts';
import { scratchFolder } from '../files/scratch.ts';

const folder = scratchFolder();
const lockPath = (name: string): string => path.join(folder.path, `${name}.lock`);
const own = processIdentity(process.pid);
const onLinux = process.platform === 'linux';
/** This process, as another container of the same machine shows it. */
const foreign = own.replace(/pid:\[\d+\]/, 'pid:[1]');
const dead = `${process.pid} 1 no-such-boot`;
const silentFor = (file: string, seconds: number): void => {
  const at = Date.now() / 1000 - seconds;
  utimesSync(file, at, at);
};

describe('a lock file', () => {
  it('has one owner at a time, until it is released', async () => {
    const lock = lockPath('one');
    expect(lockOwner(lock)).toBeUndefined();
    const held = holdLock(lock);
    expect(held).toBeDefined();
    expect(lockOwner(lock)).toBe(String(process.pid));
    expect(holdLock(lock)).toBeUndefined();
    await held?.close();
    expect(existsSync(lock)).toBe(false);
    expect(tryLock(lock)).toBe(true);
    unlock(lock);
    expect(await withLockFile(lock, 0, async () => lockOwner(lock))).toBe(String(process.pid));
    expect(lockOwner(lock)).toBeUndefined();
  });

  it('that is not free in time leads to an error with the file, the time and the owner', async () => {
    const lock = lockPath('busy');
    tryLock(lock);
    await expect(withLockFile(lock, 20, async () => 1)).rejects.toThrow(
      `waited 0.02 s for ${lock}, held by process ${process.pid}; end that process or wait for it`,
    );
  });

  it('is waited for until it is released', async () => {
    const lock = lockPath('waited');
    const held = holdLock(lock);
    const next = withLockFile(lock, 30_000, async () => lockOwner(lock));
    await held?.close();
    expect(await next).toBe(String(process.pid));
  });

  it('is never taken where something else has its name, and nothing there is removed', () => {
    const lock = lockPath('folder');
    mkdirSync(lock);
    writeFileSync(`${lock}.breaking`, dead);
    silentFor(`${lock}.breaking`, 10);
    expect(tryLock(lock)).toBe(false);
    expect([existsSync(lock), existsSync(`${lock}.breaking`)]).toEqual([true, true]);
  });

  it.runIf(onLinux)('of a dead process is taken over, unless another process is removing it at that moment', () => {
    const lock = lockPath('dead');
    writeFileSync(lock, dead);
    writeFileSync(`${lock}.breaking`, dead);
    expect(tryLock(lock)).toBe(false);
    expect(existsSync(`${lock}.breaking`)).toBe(true);
    silentFor(`${lock}.breaking`, 10);
    expect(tryLock(lock)).toBe(false);
    expect(existsSync(`${lock}.breaking`)).toBe(false);
    expect(tryLock(lock)).toBe(true);
    expect(readFileSync(lock, 'utf8')).toBe(own);
    expect(existsSync(`${lock}.breaking`)).toBe(false);
  });

  it.runIf(onLinux)('of another container stays valid until it was not renewed for twenty seconds', () => {
    const lock = lockPath('foreign');
    writeFileSync(lock, foreign);
    silentFor(lock, 15);
    expect(tryLock(lock)).toBe(false);
    silentFor(lock, 25);
    expect(tryLock(lock)).toBe(true);
  });
});

describe('the recorded identity of a process', () => {
  it('belongs to a single process', () => {
    expect(isRunning(own)).toBe(true);
    expect(isRunning(String(process.pid))).toBe(true);
    expect([isRunning(''), isRunning('none'), isRunning('-1')]).toEqual([false, false, false]);
  });

  it.runIf(onLinux)('differs for a later process with the same pid and for a process of another container', () => {
    expect(own).toMatch(/^\d+ \d+ [0-9a-f-]{36} pid:\[\d+\]$/);
    expect([isRunning(dead), isForeign(dead)]).toEqual([false, false]);
    expect([isRunning(foreign), isForeign(foreign)]).toEqual([false, true]);
    const [pid, started, , namespace] = foreign.split(' ');
    expect(isForeign(`${pid} ${started} another-boot ${namespace}`)).toBe(false);
    expect(isRunning(own.split(' ').slice(0, 3).join(' '))).toBe(true);
  });

  it('marks a file as left behind once the process has ended', () => {
    const mark = ownerMark();
    expect(mark).toMatch(new RegExp(`^${OWNER_MARK}$`));
    expect(isGone(mark, Number.POSITIVE_INFINITY)).toBe(false);
    const [pid, , place] = mark.split('-');
    if (onLinux) expect(isGone(`${pid}-1-${place}`, 0)).toBe(true);
    expect(isGone(`999999999--${place}`, 0)).toBe(true);
    const elsewhere = mark.replace(place, '00000000');
    const day = 86_400_000;
    expect([isGone(elsewhere, day), isGone(elsewhere, day + 1)]).toEqual([false, true]);
  });
});

describe('running a short command', () => {
  const run = (script: string, timeoutMs = 30_000) => runCommand('sh', ['-c', script], { timeoutMs });

  it('returns the output and the exit code', async () => {
    const result = await run('echo out; echo a >&2; echo "b " >&2; exit 3');
    expect(result).toEqual({ code: 3, stdout: 'out\n', stderr: 'a\nb \n' });
    expect(commandFailure(result)).toBe('b');
    expect(commandFailure({ ...result, stderr: 'a\nb\nc\n' })).toBe('c');
    expect(commandFailure({ ...result, stderr: '' })).toBe('exit code 3');
  });

  it('kills the command at the time limit', async () => {
    const result = await run('exec sleep 30', 50);
    expect(result).toMatchObject({ code: null, failure: 'no end after 0.05 s' });
    expect(commandFailure({ ...result, stderr: 'noise' })).toBe('no end after 0.05 s');
  });

  it('fails for a command that does not exist', async () => {
    const result = await runCommand('no-such-command', [], { timeoutMs: 1_000 });
    expect(result).toMatchObject({ code: null, failure: expect.stringContaining('ENOENT') });
  });
});
