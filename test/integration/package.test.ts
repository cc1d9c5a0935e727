import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { candles, indicators, metrics, runBacktest } from '../../src/index.ts';
import { walk } from '../backtest/series.ts';
import { candleCsv } from '../cli/candle-csv.ts';
import { scratchFolder } from '../files/scratch.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const LEFT = path.join(ROOT, 'dist/.staging-left');
const folder = scratchFolder();
const run = promisify(execFile);
const series = walk(400, 5, { probability: true });
/** Each TypeScript block of docs/api.md, a program of its own. */
const PROGRAMS = [...readFileSync(path.join(ROOT, 'docs/api.md'), 'utf8').matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code);

/** The packed package in an empty folder, its dependencies beside it as `npm install` would put them. */
beforeAll(async () => {
  // a staging folder of a killed build, which the next build removes and which is never packed
  mkdirSync(LEFT, { recursive: true });
  writeFileSync(path.join(LEFT, 'half.js'), '');
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder.path], {
    cwd: ROOT,
    maxBuffer: 2 ** 26,
  });
  await run(process.execPath, [path.join(ROOT, 'scripts/build.mjs')]);
  const [{ filename }] = JSON.parse(stdout) as { filename: string }[];
  const modules = path.join(folder.path, 'node_modules');
  mkdirSync(path.join(modules, 'predictlab'), { recursive: true });
  await run('tar', ['-xzf', path.join(folder.path, filename), '--strip-components=1', '-C', path.join(modules, 'predictlab')]);
  const { dependencies } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
  for (const name of [...Object.keys(dependencies), '@types/node']) {
    mkdirSync(path.dirname(path.join(modules, name)), { recursive: true });
    symlinkSync(path.join(ROOT, 'node_modules', name), path.join(modules, name));
  }
  folder.write('package.json', JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  const strict = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noPropertyAccessFromIndexSignature: true,
  };
  const compilerOptions = { ...strict, target: 'ES2023', module: 'NodeNext', types: ['node'], skipLibCheck: true };
  folder.write('tsconfig.json', JSON.stringify({ compilerOptions, files: PROGRAMS.map((_, i) => `program-${i}.ts`) }));
  folder.write('senate.csv', candleCsv(series));
  for (const [i, code] of PROGRAMS.entries()) folder.write(`program-${i}.ts`, code);
}, 120_000);

describe('the packed package in an empty folder', () => {
  it('contains no file that only a build needs', () => {
    const packed = readdirSync(path.join(folder.path, 'node_modules/predictlab/dist'));
    expect(packed.filter((name) => name.startsWith('.'))).toEqual([]);
    expect(packed.toSorted()).toEqual(['bundle', 'sandbox', 'src', 'workflow-bundle-sealed.js', 'workflow-bundle.js']);
    expect(existsSync(LEFT)).toBe(false);
  });

  it('compiles every program of docs/api.md under strict rules, and rejects wrong programs', async () => {
    await run(path.join(ROOT, 'node_modules/.bin/tsc'), ['-p', folder.path]);
    folder.write(
      'wrong.ts',
      `import { candles, indicators, metrics, runBacktest } from 'predictlab';
runBacktest({ candles: candles.fromRows([]), strategy: 'rsi', params: { period: new Date() } });
runBacktest({ candles: [], strategy: 'rsi', market: { resolutoin: 1 } });
indicators.rsi([1, 2], { perid: 3 });
metrics.ofReturns('none').sharp;
candles.fromTicks([], '7m');
`,
    );
    folder.write(
      'tsconfig.wrong.json',
      JSON.stringify({ extends: './tsconfig.json', compilerOptions: { noEmit: true }, files: ['wrong.ts'] }),
    );
    const refused = await run(path.join(ROOT, 'node_modules/.bin/tsc'), ['-p', path.join(folder.path, 'tsconfig.wrong.json')]).catch(
      (error: { stdout: string }) => error.stdout,
    );
    for (const line of [2, 3, 4, 5, 6]) expect(refused).toContain(`wrong.ts(${line},`);
  }, 120_000);

  it('runs these programs with the same numbers as the source', async () => {
    const said: string[] = [];
    for (const i of PROGRAMS.keys()) {
      const { stdout, stderr } = await run('node', [`program-${i}.js`], { cwd: folder.path });
      expect(stderr).toBe('');
      said.push(stdout);
    }
    const direct = runBacktest({
      candles: series,
      strategy: 'sma-cross',
      params: { fast: 3, slow: 12 },
      market: { resolution: 1, closesAt: '2026-06-15T00:00:00Z', fees: { model: 'polymarket', rate: 0.04 }, tick: 0.01 },
      options: { cash: 1000, maxVolumeShare: 0.1, halfSpread: 0.005 },
    });
    expect(said[0]).toContain(`${direct.metrics.totalReturn} ${direct.metrics.sharpe}`);
    expect(said[0]).toContain(`${direct.trades.length} ${direct.metrics.finalEquity} 0 of `);
    expect(said[1]).toMatch(/^0\.02 [1-9]\d* 0\n0\.03 \d+ 0\n$/);
    expect(said[2]).toBe('2 0.45 15\n2026-06-01T02:00:00.000Z 0.5\n');
    expect(said[3]).toContain(String(indicators.rsi(await candles.read(folder.write('again.csv', candleCsv(series)))).at(-1)));
    expect(said[4]).toContain(String(metrics.ofReturns([0.01, -0.004, 0.002, 0.007], { trials: 20 }).sharpe));
  }, 120_000);

  it('reports in one sentence when a part of it is missing', async () => {
    const at = path.join(folder.path, 'node_modules/predictlab');
    const part = path.join(at, 'dist/bundle/plugin-prints.js');
    renameSync(part, `${part}-gone`);
    const ended = await run('node', [path.join(at, 'bin/predictlab.js'), '--version']).catch(
      ({ code, stderr }: { code: number; stderr: string }) => ({ code, stderr }),
    );
    renameSync(`${part}-gone`, part);
    expect(ended).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/^predictlab is not whole: [^\n]+npm install predictlab\n$/) as string,
    });
  });
});
