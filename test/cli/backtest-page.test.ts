import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { predictlab } from './run-main.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'predictlab-page-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ticks = path.join(folder, 'ticks.csv');
const candles = path.join(folder, 'candles.csv');
const page = path.join(folder, 'page.html');
const price = (i: number): string => (0.5 + 0.2 * Math.sin(i / 9) + 0.05 * Math.cos(i)).toFixed(3);
writeFileSync(
  ticks,
  `time,price,size\n${Array.from({ length: 600 }, (_, i) => `${new Date(Date.UTC(2026, 0, 1) + i * 1_800_000).toISOString()},${price(i)},10`).join('\n')}\n`,
);

describe('the ticks of a user and a strategy', () => {
  it('become a page with charts in two commands', async () => {
    const built = await predictlab('candles', '--ticks', ticks, '--interval', '1h');
    writeFileSync(candles, built.out);
    const args = ['--strategy', 'sma-cross', '--param', 'fast=3,5', '--param', 'slow=12'];
    const { code, err, json } = await predictlab('backtest', 'file', candles, ...args, '--html', page);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(json()).toMatchObject({ count: 2 });
    const html = readFileSync(page, 'utf8');
    expect(html).toContain('<svg');
    expect(html).toContain(candles);
    expect(html).toContain('candles of 1h');
    expect(html).not.toMatch(/src="http|href="http/);
  });

  it.each([
    [['--open'], '--open opens the page of --html'],
    [['--html', candles], 'it is an input of this command'],
    [['--html', path.join(folder, 'none', 'x.html')], 'make the folder'],
    [['--html', path.join(folder, 'one'), '--trades', path.join(folder, 'one')], 'writes it already'],
  ])('are refused with %j before anything is written', async (options, sentence) => {
    const { code, out, err } = await predictlab('backtest', 'file', candles, '--strategy', 'rsi', ...options);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(sentence);
    expect(existsSync(path.join(folder, 'one'))).toBe(false);
  });
});
