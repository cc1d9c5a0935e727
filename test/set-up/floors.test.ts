import { describe, expect, it } from 'vitest';

interface Override {
  readonly files: readonly string[];
  readonly rules: {
    readonly 'no-restricted-imports': readonly [
      'error',
      { patterns: readonly { regex: string; message: string; allowTypeImports?: true }[] },
    ];
  };
}
type Floors = ReadonlyMap<string, { readonly may: readonly string[] | 'everything'; readonly types: readonly string[] }>;
const script = new URL('../../scripts/set-up/floors.mjs', import.meta.url).href;
const { floorsOf, floorsProblems, fullFolders, pictureProblems, restrictions } = (await import(script)) as {
  floorsOf: (text: string) => Floors;
  floorsProblems: (floors: Floors, folders: readonly string[]) => readonly string[];
  fullFolders: (files: readonly string[]) => readonly string[];
  pictureProblems: (text: string, floors: Floors, folders: readonly string[]) => readonly string[];
  restrictions: (floors: Floors, folders: readonly string[]) => readonly Override[];
};

const FOLDERS = ['words', 'rules', 'files', 'store', 'shell'];
const TABLE = `
| folder | what it is | may import |
|---|---|---|
| \`words\` | words | nothing of ours |
| \`rules\` | pure | words |
| \`files\` | files | words, rules |
| \`store\` | rows | words, files; types of rules |
| \`shell\` | commands | everything |
`;
const picture = (lines: string) => `\`\`\`mermaid\nflowchart TB\n${lines}\n\`\`\``;
const GOOD = `  SH["shell"] --> ST["store"]
  ST --> F["files (I/O)"]
  F --> R["rules"]
  R --> W["words"]`;

/** Whether the rules of a folder refuse an import, and whether a type's would be let through. */
function refuses(folder: string, imported: string): string {
  const rules = restrictions(floorsOf(TABLE), FOLDERS).filter(({ files }) =>
    files.some((file: string) => file.startsWith(`src/${folder}/`)),
  );
  const hits = rules
    .flatMap(({ rules: { 'no-restricted-imports': rule } }) => rule[1].patterns)
    .filter(({ regex }) => new RegExp(regex).test(imported));
  return hits.length === 0 ? 'allowed' : hits.every(({ allowTypeImports }) => allowTypeImports) ? 'types' : 'refused';
}

describe('the check of the floors, which limits imports between folders', () => {
  it('refuses imports that the table of docs/architecture.md does not allow, and allows type imports as stated there', () => {
    expect(refuses('rules', '../words/a.ts')).toBe('allowed');
    expect(refuses('rules', '../../files/a.ts')).toBe('refused');
    expect(refuses('store', '../files/deep/a.ts')).toBe('allowed');
    expect(refuses('store', '../rules/a.ts')).toBe('types');
    expect(refuses('store', '../client.ts')).toBe('refused');
    expect(refuses('words', '../version.ts')).toBe('refused');
    expect(refuses('shell', '../store/a.ts')).toBe('allowed');
  });

  it.each([
    ['a folder without a row', TABLE, [...FOLDERS, 'new'], 'the table has no row for src/new'],
    ['a row without a folder', TABLE, FOLDERS.slice(0, 4), 'the table has shell, which is no folder of src'],
    [
      'a name that is not there',
      TABLE.replace('| pure | words |', '| pure | word |'),
      FOLDERS,
      'rules may import word, which is not in src',
    ],
    ['two that import each other', TABLE.replace('| words, rules |', '| words, store |'), FOLDERS, 'files and store may import each other'],
  ])('reports in the table %s', (_, table, folders, said) => {
    expect(floorsProblems(floorsOf(table), folders).join('\n')).toContain(said);
  });

  it.each([
    ['leaves out a folder', GOOD.replace('SH["shell"] --> ST["store"]', ''), 'does not show shell'],
    ['shows no way where one is allowed', GOOD.replace('F --> R["rules"]', 'F --> W'), 'does not show rules'],
    ['has an arrow that runs up', `${GOOD}\n  W --> ST`, 'has an arrow from words to store'],
    ['misses a way', GOOD.replace('  R --> W["words"]', '  X["words"]'), 'no way from rules down to words'],
  ])('reports a picture of the floors that %s', (_, lines, said) => {
    expect(pictureProblems(picture(GOOD), floorsOf(TABLE), FOLDERS)).toEqual([]);
    expect(pictureProblems(picture(lines), floorsOf(TABLE), FOLDERS).join('\n')).toContain(said);
  });
});

it('a folder with fourteen files or more of its own is too full, unless it is a list of similar files', () => {
  const filled = (folder: string, count: number): readonly string[] => Array.from({ length: count }, (_, i) => `${folder}/${i}.ts`);
  expect(fullFolders([...filled('src/ui', 13), ...filled('src/ui/live', 13), ...filled('src/cli/commands', 99)])).toEqual([]);
  expect(fullFolders(filled('src/ui', 14))).toEqual([expect.stringMatching(/^src\/ui has 14 files/) as string]);
});
