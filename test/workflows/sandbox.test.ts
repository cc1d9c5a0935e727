import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
/** Code without its comments and import type lines: what is left runs. */
const codeOf = (file: string): string =>
  read(file)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '');

/** Every module that the workflows pull into their bundle, by following imports that are not types only. */
function bundled(entry: string): { files: Set<string>; packages: Set<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const follow = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    for (const [statement, from] of codeOf(file).matchAll(/(?:import|export)\s[^;]*?from\s+'([^']+)'/g)) {
      if (/^(import|export)\s+type\b/.test(statement) || onlyTypes(statement)) continue;
      if (from.startsWith('.')) follow(path.normalize(path.join(path.dirname(file), from)));
      else packages.add(from);
    }
  };
  follow(entry);
  return { files, packages };
}

/** `import { type A, type B } from …` */
function onlyTypes(statement: string): boolean {
  const names = /\{([^}]*)\}/.exec(statement)?.[1];
  return names !== undefined && names.split(',').every((name) => name.trim() === '' || name.trim().startsWith('type '));
}

const filesBelow = (folder: string): string[] =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(folder, file));

describe('workflow code', () => {
  const { files, packages } = bundled('src/workflows/index.ts');

  it('imports nothing but Temporal: no zod, no Node module, nothing that does I/O', () => {
    expect([...packages].filter((name) => name !== '@temporalio/workflow')).toEqual([]);
    expect([...files].filter((file) => !/^src\/(workflows|scheduling|contracts)\//.test(file))).toEqual([]);
  });

  it('uses neither the environment nor random numbers', () => {
    for (const file of files) expect(codeOf(file), file).not.toMatch(/process\.env|Math\.random|setInterval|performance\.now/);
  });

  it('gets the time from Temporal only, and the scheduler gets it as an argument', () => {
    for (const file of filesBelow('src/scheduling')) expect(codeOf(file), file).not.toMatch(/Date\.now|new Date\(\)/);
  });
});

describe('the folders without I/O', () => {
  it.each(['src/scheduling', 'src/market', 'src/backtest', 'src/report'])('contain no I/O and read no clock: %s', (folder) => {
    for (const file of filesBelow(folder)) {
      expect(codeOf(file), file).not.toMatch(/from 'node:(fs|net|http|https|child_process|dns|tls|worker_threads)/);
      expect(codeOf(file), file).not.toMatch(/Date\.now\(\)|new Date\(\)|process\.env/);
      expect(codeOf(file), file).not.toMatch(/from '(pg|undici|@temporalio\/(client|worker|activity))/);
    }
  });
});

describe('the tests of this project', () => {
  it('use real Temporal and a real clock, and mock neither', () => {
    for (const file of filesBelow('test').filter((file) => !file.endsWith('sandbox.test.ts'))) {
      expect(read(file), file).not.toMatch(/vi\.(mock|doMock)\(\s*['"]@temporalio/);
      expect(read(file), file).not.toMatch(/vi\.(setSystemTime|useFakeTimers)|spyOn\(Date/);
    }
  });
});
