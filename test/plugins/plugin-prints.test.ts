import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { capturePrints } from '../../src/plugins/plugin-prints.ts';

describe('a line that a plugin prints', () => {
  it('reaches the listener of the code that prints it, also when other code runs or the line comes later', async () => {
    const said: string[][] = [];
    const task = (name: string) =>
      capturePrints(
        (level, line) => void said.push([name, level, line]),
        async () => {
          console.log('begins', 1);
          await new Promise((resolve) => setTimeout(resolve, 1));
          console.warn('ends\nwith a line');
        },
      );
    await Promise.all([task('a'), task('b')]);
    expect(said.filter(([name]) => name === 'a')).toEqual([
      ['a', 'info', 'begins 1'],
      ['a', 'warn', 'ends'],
      ['a', 'warn', 'with a line'],
    ]);
    expect(said).toHaveLength(6);
  });

  it('is cut when it is long, and at most a thousand lines are logged', () => {
    const lines: string[] = [];
    capturePrints(
      (_, line) => void lines.push(line),
      () => {
        console.log('x'.repeat(10_001));
        console.log('x'.repeat(10_000));
        for (let i = 0; i < 5_000; i++) console.log(i);
      },
    );
    expect(lines).toHaveLength(1_001);
    expect(lines.slice(0, 2)).toEqual([`${'x'.repeat(10_000)}… (10001 characters)`, 'x'.repeat(10_000)]);
    expect(lines.slice(-2)).toEqual(['997', 'printed 1000 lines; further lines are dropped']);
  });

  it('does not appear in the output of a command when printed during loading or deciding, and contains no secrets', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'predictlab-prints-'));
    const plugin = path.join(folder, 'plugin.mjs');
    writeFileSync(
      plugin,
      `import { z } from 'zod';
       console.log('loaded with', process.env.DESK_TOKEN);
       const create = () => () => (console.log('decides with', process.env.DESK_TOKEN), 'hold');
       export default { strategies: { chatty: { summary: '', params: z.strictObject({}), create } } };`,
    );
    const candles = path.join(folder, 'candles.csv');
    const bars = Array.from({ length: 40 }, (_, i) => `${new Date(i * 3_600_000).toISOString()},0.5,0.6,0.4,${0.5 + (i % 7) / 100},10`);
    writeFileSync(candles, `open_time,open,high,low,close,volume\n${bars.join('\n')}\n`);
    const { stdout, stderr } = spawnSync(process.execPath, ['bin/predictlab.js', 'backtest', 'file', candles, '--strategy', 'chatty'], {
      env: { PATH: process.env.PATH, PREDICTLAB_HOME: folder, PREDICTLAB_PLUGINS: plugin, DESK_TOKEN: 'tell-nobody-of-this-1' },
      encoding: 'utf8',
    });
    rmSync(folder, { recursive: true, force: true });
    expect(stderr).toContain(`${plugin}: loaded with [redacted]\n`);
    expect(stderr).toContain('decides with [redacted]\n');
    expect(JSON.parse(stdout)).toHaveProperty('strategy', 'chatty');
  });
});
