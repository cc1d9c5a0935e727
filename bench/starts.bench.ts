import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { commandLine } from '../src/set-up/processes/child-process.ts';
import { startWorkerProcess } from '../src/set-up/stack.ts';
import { createLog } from '../src/telemetry/log.ts';
import { withBenchStack } from './bench-stack.ts';
import { cpuSeconds } from './child.ts';
import { median } from './measure.ts';
import type { BenchResult } from './result.ts';

const STARTS = 10;
const execute = promisify(execFile);
const log = createLog({ LOG_LEVEL: 'error' });

/** Commands whose start is measured beside a Node.js that does nothing, the minimum for any command. */
const COMMANDS = [['--help'], ['runs', '--json'], ['symbols', 'list', '--json'], ['deploy', 'status', '--json']] as const;

/** What our processes cost before they do anything: a worker until it is ready, commands on an empty database. */
export async function run(): Promise<readonly BenchResult[]> {
  return await withBenchStack(log, async ({ home, env: stack }) => {
    const env = { ...stack, LOG_FORMAT: 'json', LOG_LEVEL: 'info', METRICS_ADDRESS: '127.0.0.1:0', HEALTH_ADDRESS: '127.0.0.1:0' };
    const [cpu, seconds]: [number[], number[]] = [[], []];
    // the first one makes the tables, and is not counted
    for (let n = -1; n < STARTS; n++) {
      const started = performance.now();
      const worker = await startWorkerProcess({ env, logFile: path.join(home, 'logs', `worker-${n}.log`) });
      const took = (performance.now() - started) / 1000;
      const used = await cpuSeconds(worker.pid);
      await worker.close();
      if (n < 0) continue;
      cpu.push(used);
      seconds.push(took);
    }
    const note = `median of ${STARTS} starts`;
    const results: BenchResult[] = [
      { name: 'a worker until it is ready, CPU', unit: 'CPU-s', better: 'lower', ours: median(cpu), note },
      { name: 'a worker until it is ready', unit: 's', better: 'lower', ours: median(seconds), note },
    ];
    const bare = { name: 'node -e 0', value: await cpuOf(process.execPath, ['-e', '0'], env) };
    for (const words of COMMANDS) {
      const { command, args } = commandLine(words);
      const ours = await cpuOf(command, args, env);
      results.push({ name: `predictlab ${words.join(' ')}`, unit: 'CPU-s', better: 'lower', ours, baseline: bare, note });
    }
    return results;
  });
}

/** CPU seconds of a command, the median of some starts after one that is not counted. */
async function cpuOf(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const used: number[] = [];
  for (let n = -1; n < STARTS; n++) {
    const before = await childrenCpuSeconds();
    await execute(command, args, { env });
    if (n >= 0) used.push((await childrenCpuSeconds()) - before);
  }
  return median(used);
}

/** CPU seconds of this process's ended children; 0 where the system does not report them (only Linux does). */
async function childrenCpuSeconds(): Promise<number> {
  const text = await readFile('/proc/self/stat', 'utf8').catch(() => '');
  // after the process name, which may contain spaces: fields 16 and 17, in hundredths of a second
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13] ?? 0) + Number(fields[14] ?? 0)) / 100;
}
