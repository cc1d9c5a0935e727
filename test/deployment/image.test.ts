import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const dockerfile = readFileSync(`${root}Dockerfile`, 'utf8');
const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+)$/gm)].flatMap(([, words]) => words.split(/\s+/).slice(0, -1));

it('the image copies only files that exist, and .dockerignore admits exactly those files', () => {
  expect(copied.length).toBeGreaterThan(4);
  expect(copied.filter((path) => !existsSync(`${root}${path}`))).toEqual([]);
  const allowed = readFileSync(`${root}.dockerignore`, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'));
  expect(allowed.map((line) => line.slice(1)).sort()).toEqual([...copied].sort());
});

it.each(['ops/temporal/schema.sh', 'ops/temporal/namespace.sh'])('a script of the image can be read by sh: %s', (path) => {
  expect(() => execFileSync('sh', ['-n', `${root}${path}`], { stdio: 'pipe' })).not.toThrow();
});
