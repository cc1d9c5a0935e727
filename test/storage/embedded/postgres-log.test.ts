import { expect, it } from 'vitest';
import { lastTrouble } from '../../../src/storage/embedded/postgres-log.ts';
import { scratchFolder } from '../../files/scratch.ts';

const folder = scratchFolder();
const NOW = Date.UTC(2026, 10, 26, 12);
const line = (secondsAgo: number, words: string): string =>
  `${new Date(NOW - secondsAgo * 1000).toISOString().replace('T', ' ').replace('Z', '')} UTC [77] ${words}`;

it('the last error of the embedded server is one of the server, not one of a session', () => {
  const own = 'FATAL:  could not write lock file "postmaster.pid": No space left on device';
  const ofSessions = [
    'FATAL:  connection to client lost',
    'FATAL:  the database system is starting up',
    'FATAL:  terminating connection due to administrator command',
    'FATAL:  database "lab" does not exist',
    'FATAL:  role "me" does not exist',
    'FATAL:  sorry, too many clients already',
    'ERROR:  relation "x" does not exist',
  ];
  for (const words of ofSessions) {
    const log = folder.write('postgres.log', [line(3, words), ''].join('\n'));
    expect(lastTrouble(log, NOW), words).toBeUndefined();
    folder.write('postgres.log', [line(4, own), line(3, words), ''].join('\n'));
    expect(lastTrouble(log, NOW), words).toMatch(/^FATAL: could not write lock file.*; free some disk space$/);
    expect(lastTrouble(log, NOW + 300_000), 'long ago').toBeUndefined();
  }
  const log = folder.write('postgres.log', [line(4, 'PANIC:  could not open file'), line(3, own)].join('\n'));
  expect(lastTrouble(log, NOW)).toBe('PANIC: could not open file');
});
