import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';

interface File {
  readonly file: string;
  readonly text: string;
}
type Parsed = File & { readonly program: object };
type Rule = (file: Parsed) => string[];
const rules = (await import(new URL('../../scripts/set-up/rules.mjs', import.meta.url).href)) as {
  parsed: (file: File) => Parsed;
  bareRegexProblems: Rule;
  clockProblems: Rule;
  printProblems: Rule;
  emptyCatchProblems: Rule;
  swallowedProblems: Rule;
  lengthProblems: Rule;
  undocumentedVariables: (files: readonly Parsed[], documents: readonly string[]) => string[];
  assertionsOf: (files: readonly Parsed[]) => string[];
  dynamicCircles: (files: readonly Parsed[]) => string[];
  wordProblems: (file: File) => string[];
  venueProblems: (file: File) => string[];
  migrationProblems: (kept: string, hashes: Readonly<Record<string, string>>) => string[];
};
const { anchorLinks, anchorsOf } = (await import(new URL('../../scripts/set-up/markdown.mjs', import.meta.url).href)) as {
  anchorLinks: (text: string) => { line: number; target: string; anchor: string }[];
  anchorsOf: (text: string) => Set<string>;
};

const at = (file: string, text: string): Parsed => rules.parsed({ file, text });

it.each(['Date.now()', 'new Date()', 'Math.random()', 'performance.now()', 'randomUUID()', 'call(Date.now)'])(
  'finds %s in a pure room, and leaves it to the others',
  (read) => {
    expect(rules.clockProblems(at('src/market/planted.ts', `\nconst a = ${read};`))).toEqual([
      expect.stringContaining('src/market/planted.ts:2: ') as string,
    ]);
    expect(rules.clockProblems(at('src/storage/planted.ts', `const a = ${read};`))).toEqual([]);
  },
);

it.each(["Date['now']()", 'Date()', 'globalThis.Date.now()', "Math['random']()", 'crypto.randomUUID()', 'process.hrtime.bigint()'])(
  'finds %s in a pure room',
  (read) => {
    expect(rules.clockProblems(at('src/market/planted.ts', `const a = ${read};`))).toHaveLength(1);
  },
);

it.each([
  'const { now } = Date;',
  'const clock = Date;',
  'const { random } = Math;',
  "import { randomUUID as fresh } from 'node:crypto';",
  "import { performance } from 'node:perf_hooks';\nperformance.now();",
])('finds a clock or chance under another name: %s', (line) => {
  expect(rules.clockProblems(at('src/market/planted.ts', line)).length).toBeGreaterThan(0);
});

it('a time that is passed in is accepted, and so is the name of a clock inside a text', () => {
  const fine =
    'const a: Date = new Date(asOf);\nconst script = `Math.random()`;\nconst b = a instanceof Date ? Date.UTC(Math.max(1, 2)) : of.Date;';
  expect(rules.clockProblems(at('src/report/fine.ts', fine))).toEqual([]);
});

it.each([
  'console.log(1)',
  'console.error(1)',
  "console['log'](1)",
  'globalThis.console.warn(1)',
  "process.stdout.write('a')",
  "process.stderr.write('a')",
])('finds %s outside the command line', (print) => {
  expect(rules.printProblems(at('src/storage/planted.ts', `${print};`))).toHaveLength(1);
  expect(rules.printProblems(at('src/cli/terminal/print.ts', `${print};`))).toEqual([]);
});

it('an empty catch is found, unless a comment states the reason', () => {
  expect(rules.emptyCatchProblems(at('src/a.ts', 'try {\n  go();\n} catch {}'))).toEqual([
    expect.stringContaining('src/a.ts:3: an empty catch') as string,
  ]);
  expect(rules.emptyCatchProblems(at('src/a.ts', 'try {\n  go();\n} catch {\n  // it was closed\n}'))).toEqual([]);
});

it('a swallowed rejection is found, unless its value is read or a comment states the reason', () => {
  for (const line of ['await go().catch(() => undefined);', 'void go().catch(() => {});', 'go().catch(() => undefined);'])
    expect(rules.swallowedProblems(at('src/a.ts', line))).toEqual([expect.stringContaining('src/a.ts:1: a swallowed error') as string]);
  for (const line of [
    'const a = await go().catch(() => undefined);',
    '// it was closed\nawait go().catch(() => undefined);',
    'go().catch(note);',
  ])
    expect(rules.swallowedProblems(at('src/a.ts', line))).toEqual([]);
});

it('a file of 301 lines is found', () => {
  expect(rules.lengthProblems(at('src/a.ts', 'a;\n'.repeat(301)))).toEqual([expect.stringContaining('301 lines') as string]);
  expect(rules.lengthProblems(at('src/a.ts', 'a;\n'.repeat(300)))).toEqual([]);
});

it('a variable of the environment that no document mentions is found', () => {
  const files = [
    at('src/a.ts', "const a = [env.PLANTED_URL, process.env['OTHER_URL'], env.HOME, 'PREDICTLAB_PLANTED', env.KNOWN_URL];"),
    at('src/b.ts', 'const { ALSO_URL } = process.env;\nconst b = ({ LAST_URL, KNOWN_URL }: NodeJS.ProcessEnv) => LAST_URL;'),
  ];
  const found = rules.undocumentedVariables(files, ['| `KNOWN_URL` | the public host |']);
  expect(found.map((line) => line.split(' ')[1])).toEqual(['PLANTED_URL', 'OTHER_URL', 'PREDICTLAB_PLANTED', 'ALSO_URL', 'LAST_URL']);
});

it('a test without an assertion is found, and helpers that it calls are searched for one', () => {
  const helper = at('test/support/helper.ts', "import { expect } from 'vitest';\nexport const holds = (a: unknown) => expect(a).toBe(1);");
  const file = at(
    'test/a.test.ts',
    `import { holds } from './support/helper.ts';
const check = (a: number) => expect(a).toBe(1);
it('asserts', () => expect(1).toBe(1));
it('asserts in a function of the file', () => check(1));
it('asserts in a helper', () => holds(1));
it('waits', async () => await until(() => true));
it('does nothing', () => go());
it.each([1, 2])('does nothing with %s', (a) => go(a));
test.skipIf(true)('does nothing either', async () => await go());`,
  );
  expect(rules.assertionsOf([helper, file])).toEqual([7, 8, 9].map((line) => `test/a.test.ts:${line}: a test without an assertion`));
});

it('a regular expression inside an expected object, which vitest would not match, is found', () => {
  const file = at(
    'test/a.test.ts',
    `expect(a).toMatchObject({ message: /x/ });
expect(a).rejects.toMatchObject({ b: { message: /x/ } });
expect(a).toMatchObject([/x/]);
expect(a).toEqual(expect.objectContaining({ message: /x/ }));
expect(a).toMatchObject({ message: expect.stringMatching(/x/) });
expect(a).toThrow(/x/);`,
  );
  expect(rules.bareRegexProblems(file)).toEqual(
    [1, 2, 3, 4].map((line) => `test/a.test.ts:${line}: a bare regular expression is not matched; write expect.stringMatching(…)`),
  );
});

it('an import circle that import() closes is found, and a circle of types is not', () => {
  const list = at('src/cli/list.ts', "import { a } from './a.ts';\nexport const b = a;");
  const one = at('src/cli/a.ts', "export const a = async () => await import('./list.ts');");
  const typed = at('src/cli/b.ts', "import type { B } from './list.ts';\nexport const c: B = 1;");
  expect(rules.dynamicCircles([list, one, typed])).toEqual([
    'src/cli/a.ts: import() closes a circle: src/cli/a.ts → src/cli/list.ts → src/cli/a.ts',
  ]);
  expect(rules.dynamicCircles([at('src/cli/list.ts', 'export const b = 1;'), one, typed])).toEqual([]);
});

it('a released migration that was changed, removed or never recorded is found', () => {
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
  const kept = `${hash('a')}  0001-a.sql\n${hash('b')}  0002-b.sql\n`;
  expect(rules.migrationProblems(kept, { '0001-a.sql': hash('a'), '0002-b.sql': hash('b') })).toEqual([]);
  expect(rules.migrationProblems(kept, { '0001-a.sql': hash('changed'), '0003-c.sql': hash('c') })).toEqual([
    expect.stringContaining('0001-a.sql was changed') as string,
    expect.stringContaining('0002-b.sql was released and is gone') as string,
    expect.stringContaining('0003-c.sql has no kept hash') as string,
  ]);
});

it('a link to a heading is checked as GitHub names headings', () => {
  expect([
    ...anchorsOf('# The `run` command\n\n## A task of my own\n## A task of my own\n```\n# code\n```\n## Start: now, or later?'),
  ]).toEqual(['the-run-command', 'a-task-of-my-own', 'a-task-of-my-own-1', 'start-now-or-later']);
  expect(anchorLinks('See [a](storage.md#coverage), [b](#start), `[c](#code)` and [d](https://x.org/#y).')).toEqual([
    { line: 1, target: 'storage.md', anchor: 'coverage' },
    { line: 1, target: '', anchor: 'start' },
  ]);
});

it('words of the older style are found, and words that only contain them are not', () => {
  const text = 'It is told.\nRecommended, and menders amend it.\nWhoever mends it\nbegins anew amid a run.\n/** Of a run. */\n * Of a run';
  expect(rules.wordProblems({ file: 'docs/a.md', text }).map((line) => line.split(';')[0])).toEqual([
    'docs/a.md:1: "told"',
    'docs/a.md:3: "mend"',
    'docs/a.md:3: "whoever"',
    'docs/a.md:4: "anew"',
    'docs/a.md:4: "amid"',
    'docs/a.md:5: "Of …" at the start of a comment',
  ]);
});

it('places outside src/sources that name a venue are found', () => {
  const text = "const key = 'predict:1';\nconst name = `predictlab`;\n/** As Kalshi rounds it. */";
  expect(rules.venueProblems({ file: 'src/market/a.ts', text }).map((line) => line.split(';')[0])).toEqual([
    "src/market/a.ts:1 names a venue ('predict:)",
    'src/market/a.ts:3 names a venue (Kalshi)',
  ]);
  expect(rules.venueProblems({ file: 'src/sources/toy/a.ts', text })).toEqual([]);
});
