import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { buildId } from '../../src/worker/build-id.ts';

it('the build id is the same for the same code anywhere, and changes with a constant, a file name, the SQL or the bundle', () => {
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
  // the map of the bundled workflows names files, and columns, of the folder that they were built in
  const mapped = (map: string) => (dist: string) =>
    writeFileSync(path.join(dist, 'workflow-bundle.js'), `bundle\n\n//# sourceMappingURL=data:application/json;base64,${map}`);
  const same = [
    build(),
    build((dist) => writeFileSync(path.join(dist, 'src', 'market', 'bucket.d.ts'), 'types only')),
    build(mapped('L2hlcmU=')),
    build(mapped('L2Vsc2V3aGVyZQ==')),
  ];
  const others = [
    build((dist) => writeFileSync(path.join(dist, 'src', 'market', 'bucket.js'), 'export const WEEK = 3;\n')),
    build((dist) => renameSync(path.join(dist, 'src', 'market', 'bucket.js'), path.join(dist, 'src', 'market', 'other.js'))),
    build((dist) => writeFileSync(path.join(dist, 'src', 'tables.sql'), 'select 2;\n')),
    build((dist) => writeFileSync(path.join(dist, 'workflow-bundle.js'), 'another\n')),
  ];
  for (const dist of made) rmSync(dist, { recursive: true });
  expect(new Set(same).size).toBe(1);
  expect(same[0]).toMatch(/^\d+\.\d+\.\d+\+[0-9a-f]{8}$/);
  expect(new Set([same[0], ...others]).size).toBe(5);
});

it('the build id is that of the bundled code and the SQL, when there is a bundle', () => {
  const dist = mkdtempSync(path.join(tmpdir(), 'predictlab-id-'));
  const seen: string[] = [];
  const files: Record<string, string> = {
    'src/bucket.js': '1',
    'src/tables.sql': 'select 1;',
    'bundle/main.js': '1',
    'bundle/words.js': '1',
  };
  const write = (file: string, text: string): void => writeFileSync(path.join(dist, file), text);
  for (const folder of ['src', 'bundle']) mkdirSync(path.join(dist, folder));
  for (const [file, text] of Object.entries(files)) write(file, text);
  // each time by another way: the id of a folder is asked for once
  const ask = (): void => void seen.push(buildId(`${dist}/src${'/.'.repeat(seen.length)}`));
  ask();
  write('src/bucket.js', '2');
  ask();
  for (const file of ['src/tables.sql', 'bundle/main.js', 'bundle/words.js']) {
    write(file, '2');
    ask();
  }
  rmSync(dist, { recursive: true });
  expect(seen[1]).toBe(seen[0]);
  expect(new Set(seen).size).toBe(4);
});
