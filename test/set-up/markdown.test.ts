import { describe, expect, it } from 'vitest';

const script = new URL('../../scripts/set-up/markdown.mjs', import.meta.url).href;
const { overlongLines, wrapLines, relativeLinks, namedPaths, commentsOf, documentProblems } = (await import(script)) as {
  overlongLines: (text: string) => number[];
  wrapLines: (text: string) => string;
  relativeLinks: (text: string) => { line: number; target: string }[];
  commentsOf: (code: string) => string;
  documentProblems: (file: { file: string; text: string }, headingsOf: (document: string) => ReadonlySet<string> | undefined) => string[];
  namedPaths: (text: string) => { line: number; named: string }[];
};

const words = (count: number): string => Array.from({ length: count }, (_, i) => `word${i % 10}`).join(' ');
const asOneLine = (text: string): string => text.replaceAll(/\s+/g, ' ');

describe('the lines of a document', () => {
  it('are too long from 151 characters on, except in tables and code', () => {
    expect(
      overlongLines(['a'.repeat(150), 'a'.repeat(151), `| ${'a'.repeat(160)} |`, '```', 'a'.repeat(200), '```', words(40)].join('\n')),
    ).toEqual([2, 7]);
  });

  it.each(['', '- ', '12. ', '  - ', '> '])('are wrapped with the indent of %j, without the loss of a word', (lead) => {
    const text = lead + words(70);
    const wrapped = wrapLines(text);
    const lines = wrapped.split('\n');
    expect(lines.length).toBe(3);
    expect(overlongLines(wrapped)).toEqual([]);
    const indent = lead.startsWith('>') ? '> ' : ' '.repeat(lead.length);
    for (const line of lines.slice(1)) expect(line.startsWith(`${indent}word`)).toBe(true);
    expect(asOneLine(lines.map((line, i) => (i === 0 ? line : line.slice(indent.length))).join(' '))).toBe(asOneLine(text));
  });

  it('are wrapped together with the rest of their paragraph, up to a list, a heading or a blank line', () => {
    const text = [`- ${words(30)}`, '  the rest of it', '- another', '', words(30), 'more', '# Head', words(30), '', 'apart'].join('\n');
    const lines = wrapLines(text).split('\n');
    expect(lines[1]).toMatch(/^ {2}word\d .* the rest of it$/);
    expect(lines[2]).toBe('- another');
    expect(lines[5]).toMatch(/^word\d .* more$/);
    expect(lines[6]).toBe('# Head');
    expect(lines.slice(-2)).toEqual(['', 'apart']);
  });

  it('are wrapped neither inside code nor where the new line would become a list', () => {
    const [code] = wrapLines(`${'a '.repeat(72)}\`npm run docs -- --fix\` and more`).split('\n');
    expect(code).toBe('a '.repeat(72).trim());
    for (const line of wrapLines(`${'a '.repeat(73)}abc - b - c 2. d`).split('\n')) expect(line).not.toMatch(/^(-|2\.)/);
  });
});

it('links to files are found in prose and tables, but not in code or to other hosts', () => {
  const text = [
    'see [a](docs/a.md#part) and ![b](b.png)',
    '| [c](../c/) | `[no](no.md)` |',
    '[x](https://x.org)',
    '```',
    '[no](no.md)',
    '```',
  ];
  expect(relativeLinks(text.join('\n'))).toEqual([
    { line: 1, target: 'docs/a.md' },
    { line: 1, target: 'b.png' },
    { line: 2, target: '../c/' },
  ]);
});

it('paths of the project are found in inline code', () => {
  const text = [
    'see `sources/source.ts` and `src/ui/`',
    '| `test/faults/*.test.ts` | `a/b` |',
    '`/runs/x.ts`, `npm run src/x`',
    '```',
    '`src/no.ts`',
    '```',
  ];
  expect(namedPaths(text.join('\n'))).toEqual([
    { line: 1, named: 'sources/source.ts' },
    { line: 1, named: 'src/ui/' },
    { line: 2, named: 'test/faults/*.test.ts' },
  ]);
});

it('links and paths are also found in the comments of a program, but not in its code', () => {
  const code = ['/**', ' * See `sources/source.ts`.', ' */', 'const text = `src/no.ts`;', '  // `src/ui/`'].join('\n');
  expect(namedPaths(commentsOf(code))).toEqual([
    { line: 2, named: 'sources/source.ts' },
    { line: 5, named: 'src/ui/' },
  ]);
});

it('a document or heading that does not exist is found in comments and texts of a program', () => {
  const text = [
    '/** See docs/a.md, `docs/a.md#part`, docs/a.md#planted and [the walk](../../docs/a.md#dead). */',
    "const advice = 'see docs/missing.md#part';",
    '// https://x.org/docs/missing.md#y and src/docs/other.md are not ours',
  ].join('\n');
  const headingsOf = (target: string) => (target === 'docs/a.md' ? new Set(['part']) : undefined);
  expect(documentProblems({ file: 'src/planted.ts', text }, headingsOf)).toEqual([
    'src/planted.ts:1: docs/a.md has no heading #planted',
    'src/planted.ts:1: docs/a.md has no heading #dead',
    'src/planted.ts:2: there is no docs/missing.md',
  ]);
});
