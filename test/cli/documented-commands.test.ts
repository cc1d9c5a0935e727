import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { beforeAll, expect, it } from 'vitest';
import { loadPlugins } from '../../src/activities/custom/load-plugins.ts';
import { createProgram } from '../../src/cli/program.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const documents = [
  'README.md',
  ...readdirSync(path.join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** Calls of the command line in a document, in blocks and in sentences: `predictlab run --days 2`. */
function callsOf(text: string): string[] {
  const blocks = [...text.matchAll(/^```(?:sh|bash|console)\n([\s\S]*?)^```/gm)].map(([, block]) => block.replaceAll(/\\\n\s*/g, ' '));
  const lines = blocks.flatMap((block) => block.split('\n'));
  const spans = [...text.matchAll(/`((?:npx )?predictlab [^`\n]+)`/g)].map(([, span]) => span);
  return [...lines, ...spans].flatMap((line) =>
    [...line.matchAll(/(?:^|npx |\| |&& |\$ )predictlab ([a-z][^#|&;>]*)/g)].map(([, call]) => call.trim()),
  );
}

const programs = new Map<string, Promise<Command>>();
const programOf = (name: string): Promise<Command> => {
  const program = programs.get(name) ?? createProgram(name);
  programs.set(name, program);
  return program;
};

/** What is wrong with a documented call; undefined where its command and all its options exist. */
async function problemOf(call: string): Promise<string | undefined> {
  const words = call.split(/\s+/);
  let command: Command | undefined = (await programOf(words[0])).commands.find((one) => one.name() === words[0]);
  if (command === undefined) return `there is no command ${words[0]}`;
  for (const word of words.slice(1)) {
    const below: Command | undefined = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
    if (below === undefined) break;
    command = below;
  }
  // `--toy` and `--gale` belong to the venues of docs/venues.md
  const known = new Set([...command.options.flatMap(({ long, short }) => [long, short]), '--help', '-h', '--toy', '--gale']);
  const unknown = words.map((word) => /^--[a-z-]+/.exec(word)?.[0]).find((option) => option !== undefined && !known.has(option));
  return unknown === undefined ? undefined : `${command.name()} has no option ${unknown}`;
}

// docs/venues.md adds a symbol of the venue in examples
beforeAll(() => loadPlugins({ PREDICTLAB_PLUGINS: path.join(ROOT, 'examples/toy-venue.mjs') }));

it('every command line in README and docs uses a command and options that exist', async () => {
  const wrong: string[] = [];
  let calls = 0;
  for (const file of documents) {
    for (const call of callsOf(readFileSync(path.join(ROOT, file), 'utf8'))) {
      calls++;
      const problem = await problemOf(call);
      if (problem !== undefined) wrong.push(`${file}: predictlab ${call}: ${problem}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(calls).toBeGreaterThan(100);
});

it('the check of documented commands finds a command and an option that do not exist', async () => {
  expect(await problemOf('runn --days 2')).toBe('there is no command runn');
  expect(await problemOf('run --dayz 2')).toBe('run has no option --dayz');
  expect(await problemOf('symbols add X --fil a.csv')).toBe('add has no option --fil');
});
