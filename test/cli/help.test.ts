import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { COMMANDS, createProgram } from '../../src/cli/program.ts';

/** A command's help as it is printed. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

/** The command lines in a help text. Text after two spaces describes its command line. */
const examplesIn = (help: string): string[] =>
  [...help.matchAll(/^ {2}predictlab (.*)$/gm)].map(([, line]) => line.split(/ {2,}| >>? /)[0]);

const wordsOf = (line: string): string[] => [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain);

/** A command and all its sub-commands, without their actions. */
function* within(command: Command, path: string): Generator<readonly [string, Command]> {
  command.action(() => undefined);
  yield [path, command];
  for (const nested of command.commands) yield* within(nested, `${path} ${nested.name()}`);
}

describe.each(COMMANDS)('the help of the command $name', ({ name, summary }) => {
  it('describes the command and shows examples that the command line accepts', async () => {
    const program = await createProgram(name);
    const command = program.commands.find((one) => one.name() === name);
    if (command === undefined) throw new Error(`${name} is listed and not registered`);
    expect(command.summary()).toBe(summary);
    for (const [path, one] of within(command, name)) {
      const help = helpOf(one);
      expect(help, path).toContain(`Usage: predictlab ${path}`);
      expect(one.description(), path).not.toBe('');
      const examples = examplesIn(help);
      expect(examples.length, `examples of ${path}`).toBeGreaterThan(0);
      for (const example of examples) {
        const words = wordsOf(example);
        const other = await createProgram(words[0]);
        for (const top of other.commands)
          for (const [, nested] of within(top, '')) nested.exitOverride().configureOutput({ writeErr: () => undefined });
        await expect(other.parseAsync(words, { from: 'user' }), `predictlab ${example}`).resolves.toBeDefined();
      }
    }
  });
});

it('the help of the program lists every command and loads none of them', async () => {
  const program = await createProgram(undefined);
  const help = helpOf(program);
  for (const { usage, summary } of COMMANDS) expect(help.replace(/\s+/g, ' ')).toContain(`${usage} ${summary}`.slice(0, 40));
  expect(program.commands.every((command) => command.options.length === 0)).toBe(true);
});
