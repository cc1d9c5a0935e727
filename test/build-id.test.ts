import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { buildId } from '../src/build-id.ts';

it('is the same for the same code anywhere, and another one when a constant, a file’s name, the SQL or the bundle changes', () => {
  const made: string[] = [];
  const build = (change: (dist: string) => void = () => undefined): string => {
    const dist = mkdtempSync(path.join(tmpdir(), 'predictlab-id-'));
    made.push(dist);
    mkdirSync(path.join(dist, 'src', 'market'), { recursive: true });
    writeFileSync(path.join(dist, 'src', 'market', 'bucket.js'), 'export const WEEK = 4;\n');
    writeFileSync(path.join(dist, 'src', 'tables.sql'), 'select 1;\n');
    writeFileSync(path.join(dist, 'workflow-bundle.js'), 'bundle\n');
    change(dist);
    return buildId(path.join(dist, 'src'));
  };
  const same = [build(), build((dist) => writeFileSync(path.join(dist, 'src', 'market', 'bucket.d.ts'), 'types only'))];
  const others = [
    build((dist) => writeFileSync(path.join(dist, 'src', 'market', 'bucket.js'), 'export const WEEK = 3;\n')),
    build((dist) => renameSync(path.join(dist, 'src', 'market', 'bucket.js'), path.join(dist, 'src', 'market', 'other.js'))),
    build((dist) => writeFileSync(path.join(dist, 'src', 'tables.sql'), 'select 2;\n')),
    build((dist) => writeFileSync(path.join(dist, 'workflow-bundle.js'), 'another\n')),
  ];
  for (const dist of made) rmSync(dist, { recursive: true });
  expect(same[1]).toBe(same[0]);
  expect(same[0]).toMatch(/^\d+\.\d+\.\d+\+[0-9a-f]{8}$/);
  expect(new Set([same[0], ...others]).size).toBe(5);
});
