import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listSymbols } from '../../src/storage/markets/catalogue.ts';
import { ensureCatalogue } from '../../src/storage/markets/first-catalogue.ts';
import { predictlabHere } from '../support/command.ts';
import { testDatabase } from '../support/postgres.ts';

describe('an empty home folder', () => {
  let folder: string;
  let home: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'predictlab-nothing-'));
    home = path.join(folder, 'home');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const ask = async (...args: string[]) => {
    const { DATABASE_URL: _, ...env } = process.env;
    const answer = await predictlabHere(args, { ...env, PREDICTLAB_HOME: home });
    return { ...answer, made: existsSync(path.join(home, 'postgres')) };
  };
  const said = (): string => `nothing is stored under ${home} yet; `;

  it.each([
    ['logs', 'a-run'],
    ['logs', 'a-run', 'BTC_PRICE/collect', '--json'],
    ['runs', 'compare', 'one', 'other'],
    ['report', 'a-run'],
    ['incidents', 'close', '7'],
    ['config', 'diff', '1', '2'],
    ['config', 'rollback', '1'],
    ['plan', '--retry', 'a-run'],
    ['export', 'candles'],
    ['prune', '--ticks', '1y'],
    ['backup', 'a.backup'],
    ['upkeep', 'run'],
    ['ui', '--port', '8599'],
    ['backtest', 'symbol', 'BTC_PRICE', '--interval', '1h', '--strategy', 'buy-and-hold'],
  ])('makes `%s %s` report that nothing is stored, and gets no database', async (...args) => {
    const { code, stdout, stderr, made } = await ask(...args);
    expect({ code, stdout, made }).toEqual({ code: 2, stdout: '', made: false });
    expect(stderr).toContain(said());
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it.each([
    [['incidents', '--json'], '[]\n'],
    [['config', 'history', '--json'], '[]\n'],
    [['upkeep', 'show', '--json'], '{\n  "settings": null,\n  "last": null\n}\n'],
  ])('makes `%j` print an empty list or empty settings', async (args, stdout) => {
    expect(await ask(...args)).toMatchObject({ code: 0, stdout, made: false });
  });

  it('makes a backup of a database without markets and runs report that', async () => {
    const { url, close } = await testDatabase();
    const file = path.join(folder, 'empty.backup');
    const { code, stderr } = await predictlabHere(['backup', file], { ...process.env, DATABASE_URL: url, PREDICTLAB_HOME: home });
    await close();
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('the database holds no market and no run') });
  });

  it('has the shipped symbols, in any letter case', async () => {
    const plan = await ask('plan', '--symbols', 'btc_price', '--until', 'Clean', '--json');
    expect((JSON.parse(plan.stdout) as { tasks: { taskId: string }[] }).tasks.map(({ taskId }) => taskId)).toEqual([
      'BTC_PRICE/collect',
      'BTC_PRICE/clean',
    ]);
    expect(await ask('symbols', 'show', 'btc_Price')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^BTC_PRICE /) });
  });

  it('has the catalogue of a new database, which a plan uses', async () => {
    const { database, close } = await testDatabase();
    await ensureCatalogue(database);
    const catalogue = await listSymbols(database);
    await close();
    for (const args of [
      ['symbols', 'list', '--json'],
      ['symbols', 'export'],
    ]) {
      const listed = await ask(...args);
      expect(listed).toMatchObject({ code: 0, made: false, stderr: expect.stringContaining(said()) });
      expect(JSON.parse(listed.stdout)).toEqual(catalogue);
    }
    expect(await ask('symbols', 'show', 'BTC_PRICE')).toMatchObject({
      code: 0,
      made: false,
      stdout: expect.stringContaining('no run has found its instruments yet'),
    });
    expect(await ask('symbols', 'show', 'BTC_PRCE')).toMatchObject({ code: 2, made: false, stderr: expect.stringContaining('BTC_PRICE') });
    const plan = await ask('plan', '--symbols', 'BTC_PRICE', '--until', 'clean', '--json');
    expect(plan).toMatchObject({ code: 0, made: false });
    const { tasks } = JSON.parse(plan.stdout) as { tasks: { taskId: string; action: string; reason: string }[] };
    expect(tasks.map(({ taskId, action }) => `${taskId} ${action}`)).toEqual(['BTC_PRICE/collect run', 'BTC_PRICE/clean run']);
    expect(tasks[0].reason).toContain('nothing is collected yet');
    expect(await ask('plan', '--symbols', 'BTC_PRCE')).toMatchObject({
      code: 2,
      made: false,
      stderr: expect.stringContaining('BTC_PRICE'),
    });
    expect(await ask('rehearse', '--symbols', 'BTC_PRICE', '--json')).toMatchObject({ code: 0, made: false });
  });
});
