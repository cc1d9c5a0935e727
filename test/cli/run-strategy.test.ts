import { Command } from 'commander';
import { expect, it } from 'vitest';
import { addRunOptions, type RunCommandOptions, runInputFrom } from '../../src/cli/options/run-options.ts';
import { predictlab } from './run-main.ts';

const strategiesOf = async (...args: string[]) => {
  const command = addRunOptions(new Command('run'));
  command.parse(args, { from: 'user' });
  return (await runInputFrom(command.opts<RunCommandOptions>())).strategies;
};

it('--strategy names the strategies of a run, and --param gives parameters for a single one', async () => {
  expect(await strategiesOf()).toBeUndefined();
  expect(await strategiesOf('--strategy', 'rsi')).toEqual([{ name: 'rsi', params: {} }]);
  expect(await strategiesOf('--strategy', 'rsi', '--strategy', 'breakout')).toEqual([
    { name: 'rsi', params: {} },
    { name: 'breakout', params: {} },
  ]);
  expect(await strategiesOf('--strategy', 'sma-cross', '--param', 'fast=5,10', '--param', 'slow=30')).toEqual([
    { name: 'sma-cross', params: { fast: [5, 10], slow: 30 } },
  ]);
});

it.each([
  [['run', '--param', 'fast=5'], '--param applies to --strategy; name one'],
  [['plan', '--strategy', 'rsi', '--strategy', 'momentum', '--param', 'period=5'], 'several are given'],
  [['demo', '--strategy', 'sma-cros'], 'did you mean sma-cross?'],
  [['demo', '--strategy', 'sma-cross', '--param', 'fest=5'], 'fest'],
])('%j is refused before anything starts', async (args, sentence) => {
  const { code, out, err } = await predictlab(...args);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(sentence);
  expect(err.trim().split('\n')).toHaveLength(1);
});
