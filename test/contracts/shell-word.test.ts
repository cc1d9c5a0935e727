import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { shellWord } from '../../src/contracts/text/plain-text.ts';

it('a shell reads each quoted word back unchanged', () => {
  const texts = fc.sample(fc.string({ unit: 'binary', minLength: 0, maxLength: 12 }), { numRuns: 200, seed: 1 });
  const words = ['/home/a b', "it's", '$HOME', '`id`', '', '~', 'ü', '/plain/path-1.2', ...texts.filter((text) => !text.includes('\0'))];
  const { stdout } = spawnSync('sh', ['-s'], { input: `printf '%s\\0' ${words.map(shellWord).join(' ')}`, encoding: 'utf8' });
  expect(stdout.split('\0').slice(0, -1)).toEqual(words);
  expect(shellWord('/plain/path-1.2')).toBe('/plain/path-1.2');
});
