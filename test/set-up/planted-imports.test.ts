import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { scratchFolder } from '../files/scratch.ts';

type Floors = ReadonlyMap<string, { readonly may: readonly string[] | 'everything'; readonly types: readonly string[] }>;
const ROOT = path.resolve(import.meta.dirname, '../..');
const { floorsOf } = (await import(new URL('../../scripts/set-up/floors.mjs', import.meta.url).href)) as {
  floorsOf: (text: string) => Floors;
};

const folder = scratchFolder();

/** The lines of files of which a rule of the lint says something, as `file:line`. */
function linesOf(rule: string, files: readonly string[]): ReadonlySet<string> {
  copyFileSync(path.join(ROOT, '.oxlintrc.json'), path.join(folder.path, '.oxlintrc.json'));
  const lint = path.join(ROOT, 'node_modules/.bin/oxlint');
  const { stdout } = spawnSync(lint, ['--format', 'json', ...files], { cwd: folder.path, encoding: 'utf8', maxBuffer: 64 * 1024 ** 2 });
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: { code: string; filename: string; labels: { span: { line: number } }[] }[];
  };
  return new Set(diagnostics.filter(({ code }) => code.includes(rule)).map((one) => `${one.filename}:${one.labels[0].span.line}`));
}

function planted(file: string, lines: readonly string[]): string {
  mkdirSync(path.join(folder.path, path.dirname(file)), { recursive: true });
  writeFileSync(path.join(folder.path, file), `${lines.join('\n')}\n`);
  return file;
}

it('the lint refuses exactly the imports between folders that the table of floors does not allow', () => {
  const floors = floorsOf(readFileSync(path.join(ROOT, 'docs/architecture.md'), 'utf8'));
  const folders = readdirSync(path.join(ROOT, 'src'), { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? entry.name : []));
  const files: string[] = [];
  const wanted = new Set<string>();
  for (const [floor, { may, types }] of floors) {
    if (may === 'everything') continue;
    const lines: string[] = [];
    const plant = (from: string, { type, refused }: { type: boolean; refused: boolean }): void => {
      lines.push(`import ${type ? 'type ' : ''}{ A${lines.length} } from '../../${from}';`);
      if (refused) wanted.add(`src/${floor}/deep/planted.ts:${lines.length}`);
    };
    for (const other of folders.filter((name) => name !== floor)) {
      const parts = may.flatMap((name) => (name.startsWith(`${other}/`) ? name.slice(other.length + 1) : []));
      const allowed = may.includes(other);
      plant(`${other}/planted.ts`, { type: false, refused: !allowed });
      plant(`${other}/planted.ts`, { type: true, refused: !allowed && !types.includes(other) });
      for (const part of parts) plant(`${other}/${part}/planted.ts`, { type: false, refused: false });
      if (parts.length > 0) plant(`${other}/${parts[0]}s/planted.ts`, { type: false, refused: true });
    }
    files.push(planted(`src/${floor}/deep/planted.ts`, lines));
  }
  expect(wanted.size).toBeGreaterThan(400);
  expect([...linesOf('restricted-imports', files)].toSorted()).toEqual([...wanted].toSorted());
});

it('the files at the top of the lowest floor may not import other folders either', () => {
  const file = planted('src/contracts/planted.ts', ["import type { A } from './words.ts';", "import type { B } from '../version.ts';"]);
  expect([...linesOf('restricted-imports', [file])]).toEqual([`${file}:2`]);
});

it.each([
  [
    'client.ts',
    ['./contracts/words.ts', './client/executions.ts', './workflows/handlers.ts'],
    ['./storage/a.ts', './cli/main.ts', './worker/start-worker.ts'],
  ],
  ['closers.ts', ['./contracts/log.ts'], ['./processes/a.ts', './client.ts']],
])('src/%s, which several floors import, may import only a few files', (file, allowed, refused) => {
  const name = planted(
    `src/${file}`,
    [...allowed, ...refused].map((from, at) => `import { A${at} } from '${from}';`),
  );
  expect([...linesOf('restricted-imports', [name])].toSorted()).toEqual(refused.map((_, at) => `${name}:${allowed.length + at + 1}`));
});

it('a circle of type imports alone is refused as well', () => {
  const files = [
    planted('src/market/circle-a.ts', ["import type { B } from './circle-b.ts';", 'export type A = B | 1;']),
    planted('src/market/circle-b.ts', ["import type { A } from './circle-a.ts';", 'export type B = A | 2;']),
  ];
  expect([...linesOf('no-cycle', files)].toSorted()).toEqual(files.map((file) => `${file}:1`));
});
