import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { processIdentity } from '../../src/processes/process-identity.ts';
import { useMemoryFolder } from './memory-folder.ts';

it('a test run uses a folder in memory if there is one, removes those of test runs that ended, and its own at its end', ({ skip }) => {
  const before = process.env.TMPDIR;
  const close = useMemoryFolder();
  const folder = tmpdir();
  close();
  if (folder === tmpdir()) skip('there is no room in memory');
  const of = (name: string, owner: string): string => {
    const made = path.join(path.dirname(folder), `predictlab-tests-of-${name}`);
    mkdirSync(made, { recursive: true });
    writeFileSync(path.join(made, 'owner'), owner);
    return made;
  };
  const mine = processIdentity(process.pid);
  const [gone, living] = [of('gone', mine.replace(/^\d+ \d+/, '1 1')), of('living', mine)];
  const again = useMemoryFolder();
  const second = tmpdir();
  const there = [folder, second, gone, living].map((one) => existsSync(one));
  again();
  rmSync(living, { recursive: true });
  expect(there).toEqual([false, true, false, true]);
  expect([process.env.TMPDIR, existsSync(second)]).toEqual([before, false]);
});
