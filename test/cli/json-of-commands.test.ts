import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { afterAll, expect, it } from 'vitest';
import { COMMANDS, createProgram } from '../../src/cli/program.ts';
import { JsonRecord } from '../support/json-record.ts';
import { predictlab } from './run-main.ts';

/**
 * What commands print with `--json` and their exit codes, compared with recorded/json-of-commands.txt: good calls of the commands that need no
 * server, and calls of every command with a wrong option. `-u` records the file again; a line that changes is a change for users of `--json`
 * and belongs into CHANGELOG.md.
 */
const folder = mkdtempSync(path.join(tmpdir(), 'predictlab-json-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, text: string): string => {
  const place = path.join(folder, name);
  writeFileSync(place, text);
  return place;
};
const bar = (i: number): string => `${new Date(Date.UTC(2026, 0, 1, i)).toISOString()},0.5,0.6,0.4,${(0.45 + (i % 7) / 50).toFixed(2)},10`;
const TICKS = file('ticks.csv', 'time,price,size\n2026-01-01T00:00:00Z,0.5,1\n2026-01-01T01:00:00Z,0.55,2\n2026-01-02T00:00:00Z,0.6,3\n');
const CANDLES = file('candles.csv', `open_time,open,high,low,close,volume\n${Array.from({ length: 40 }, (_, i) => bar(i)).join('\n')}\n`);
const LONG = file('long.csv', `open_time,open,high,low,close,volume\n${Array.from({ length: 240 }, (_, i) => bar(i)).join('\n')}\n`);
const RETURNS = file('returns.csv', 'time,return\n2026-01-01,0.01\n2026-01-02,-0.02\n2026-01-03,0.03\n2026-01-04,0.01\n');
const FORECASTS = file('forecasts.csv', 'probability,outcome\n0.2,0\n0.8,1\n0.6,0\n0.7,1\n');
const NONE = path.join(folder, 'none');
const EMPTY = path.join(folder, 'empty');
mkdirSync(EMPTY);
const SMA = ['--strategy', 'sma-cross', '--param', 'fast=2', '--param', 'slow=5'];

const CALLS: readonly (readonly string[])[] = [
  ['candles', '--ticks', TICKS, '--interval', '1h'],
  ['candles', '--ticks', TICKS, '--interval', '7m'],
  ['candles', '--ticks', NONE, '--interval', '1h'],
  ['backtest', 'file', CANDLES, ...SMA],
  ['backtest', 'file', CANDLES, ...SMA, '--fee', '0.01', '--monte-carlo', '20', '--seed', '1'],
  ['backtest', 'file', CANDLES, '--strategy', 'sma-crss'],
  ['backtest', 'file', NONE, ...SMA],
  ['backtest', 'walk-forward', '--candles', LONG, ...SMA, '--train', '3d', '--test', '2d'],
  ['backtest', 'walk-forward', '--candles', CANDLES, ...SMA, '--train', '12h', '--test', '6h'],
  ['metrics', '--returns', RETURNS],
  ['metrics', '--forecasts', FORECASTS],
  ['metrics', '--returns', NONE],
  ['indicators', '--candles', CANDLES, '--name', 'sma', '--param', 'period=3'],
  ['indicators', '--candles', CANDLES, '--name', 'smaa'],
  ['verify', EMPTY],
  ['verify', NONE],
  ['venue', 'check', './examples/toy-venue.mjs', '--answers', 'examples/toy-answers.json'],
  ['probe', 'nobody'],
  ['codec', '--new-key'],
  ['prune', '--logs', 'never'],
];

it('each command prints the recorded JSON with --json and ends with the recorded exit code', async () => {
  const record = new JsonRecord([[folder, '<folder>']]);
  for (const args of CALLS) {
    const all = [...args, '--json'];
    record.add(all, await predictlab(...all));
  }
  // a new command with --json appears here, and the recorded file no longer fits
  for (const command of await commandsWithJson()) {
    const args = [...command.split(' '), '--json', '--no-such-option'];
    record.add(args, await predictlab(...args));
  }
  await expect(record.text).toMatchFileSnapshot(path.join(import.meta.dirname, 'recorded/json-of-commands.txt'));
});

/** Every command and sub-command that has `--json`. */
async function commandsWithJson(): Promise<string[]> {
  const found: string[] = [];
  const add = (command: Command, words: string): void => {
    if (command.options.some(({ long }) => long === '--json')) found.push(words);
    for (const nested of command.commands) add(nested, `${words} ${nested.name()}`);
  };
  for (const { name } of COMMANDS) {
    const program = await createProgram(name);
    const command = program.commands.find((one) => one.name() === name);
    if (command !== undefined) add(command, name);
  }
  return found;
}
