import { fork } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { describeMachine } from './machine.ts';
import type { BenchModule, BenchOptions, BenchResult } from './result.ts';
import { renderTable } from './table.ts';

/** Benches that run without being named: three minutes together on a quiet machine of two cores. */
const SHORT: readonly string[] = ['backtest', 'market', 'orchestration', 'scheduling', 'sources', 'starts'];

const USAGE = `usage: npm run bench [-- name…] [-- --long] [--json] [--profile] [--turns 5] [--row words]
Runs every bench whose name holds one of the words, each in a process of its own, and prints ours beside the baseline. Without a name,
it runs ${SHORT.join(', ')}, and only the short rows of orchestration; with --long, every bench and row.
orchestration: --profile prints where the worker's CPU goes and writes flame graphs, --turns sets how often each contestant runs (once),
--row (repeatable) runs only rows whose name starts with the words.`;

const here = path.dirname(fileURLToPath(import.meta.url));
const ENDING = /\.bench\.js$/;

/** Set in the process that runs one bench and sends its results to the one that prints. */
if (process.env.PREDICTLAB_BENCH) await runOne(process.env.PREDICTLAB_BENCH);
else await runAll();

async function runAll(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      json: { type: 'boolean' },
      help: { type: 'boolean' },
      long: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      turns: { type: 'string', default: '1' },
      row: { type: 'string', multiple: true, default: [] },
    },
    allowPositionals: true,
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const names = (await readdir(here)).filter((name) => ENDING.test(name)).map((name) => name.replace(ENDING, ''));
  const brief = positionals.length === 0 && !values.long;
  const chosen = names.filter((name) =>
    positionals.length === 0 ? values.long || SHORT.includes(name) : positionals.some((word) => name.includes(word)),
  );
  if (chosen.length === 0) {
    console.error(`no bench is named like ${positionals.join(' or ')}; there are: ${names.join(', ')}`);
    process.exitCode = 2;
    return;
  }
  const machine = describeMachine();
  const all: BenchResult[] = [];
  for (const name of chosen) {
    process.stderr.write(`${name} …\n`);
    const results = await runApart(name, { brief, profile: values.profile, turns: Number(values.turns), rows: values.row });
    if (results === undefined) {
      console.error(`bench ${name} failed, see above`);
      process.exitCode = 1;
    } else all.push(...results);
    if (results !== undefined && !values.json && chosen.length > 1) console.log(renderTable(results));
  }
  if (values.json) console.log(JSON.stringify({ machine, results: all }, null, 2));
  else console.log(chosen.length === 1 ? `${machine}\n\n${renderTable(all)}` : machine);
}

/** Runs a bench in a separate process, so that the heap and the compiled code of one bench do not affect the next one. */
function runApart(name: string, options: Omit<BenchOptions, 'print'>): Promise<readonly BenchResult[] | undefined> {
  return new Promise((resolve) => {
    const child = fork(fileURLToPath(import.meta.url), [], {
      env: { ...process.env, PREDICTLAB_BENCH: name, PREDICTLAB_BENCH_OPTIONS: JSON.stringify(options) },
      stdio: ['ignore', 2, 2, 'ipc'],
      execArgv: ['--expose-gc'],
    });
    let results: readonly BenchResult[] | undefined;
    child.once('message', (message) => (results = message as readonly BenchResult[]));
    child.once('close', (code) => resolve(code === 0 ? results : undefined));
  });
}

async function runOne(name: string): Promise<void> {
  const bench = (await import(pathToFileURL(path.join(here, `${name}.bench.js`)).href)) as BenchModule;
  const chosen = JSON.parse(process.env.PREDICTLAB_BENCH_OPTIONS ?? '{}') as Omit<BenchOptions, 'print'>;
  const results = await bench.run({
    ...chosen,
    print: (result) => void process.stderr.write(`${renderTable([result], { header: false })}\n`),
  });
  process.send?.(results);
  process.disconnect();
}
