import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyBackup } from '../../src/storage/backup/read-backup.ts';
import { openDatabase } from '../../src/storage/database/open-database.ts';
import { type Answer, COMMAND } from '../support/command.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { collect, runStages, START, trade } from '../support/stage-run.ts';
import { patience, worlds } from '../support/worlds.ts';
import { dataState, SYMBOL, seeded } from './data-state.ts';

/** Kills of each command at instants of their own. */
const KILLS = worlds(3, { night: 20 });
const ROWS = 20_000;
const WHOLE = { from: START, to: START + 86_400_000 };

let rig: Rig;
let backup: string;
/** The data before `prune`, and after it. */
let full: Record<string, string>;
const random = seeded(Number(process.env.PREDICTLAB_SEED ?? 5));

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Answer & { readonly signal: NodeJS.Signals | null }>;
}

function started(...args: readonly string[]): Started {
  const env = { ...rig.env, LOG_LEVEL: 'warn', NO_COLOR: '1' };
  const child = spawn(process.execPath, [COMMAND, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  const ended = new Promise<Answer & { signal: NodeJS.Signals | null }>((resolve) =>
    child.once('close', (code, signal) => resolve({ code: code ?? 1, signal, ...said })),
  );
  return { child, ended };
}

/** Runs the command, which must succeed. */
async function works(...args: readonly string[]): Promise<Answer> {
  const answer = await started(...args).ended;
  expect(answer, `${args.join(' ')}: ${answer.stderr}`).toMatchObject({ code: 0 });
  // at most one sentence of warning, and never a stack
  expect(answer.stderr).not.toMatch(/\n\s+at |\n[^]*\n/);
  return answer;
}

interface Drill {
  readonly args: () => readonly string[];
  /** Makes the state in which the command starts. */
  readonly before: () => Promise<unknown>;
  /** Checks what a killed command left. */
  readonly left: () => Promise<unknown>;
  /** Checks what the repeated command left. */
  readonly after: (repeated: Answer) => Promise<unknown>;
}

/** Kills or stops the command at seeded instants; then it is repeated, in the second case beside the stopped process, which goes on later. */
async function drill({ args, before, left, after }: Drill): Promise<void> {
  await before();
  const from = performance.now();
  await after(await works(...args()));
  const whole = performance.now() - from;
  let hits = 0;
  for (let i = 0; i < KILLS; i++) {
    await before();
    const { child, ended } = started(...args());
    // start-up takes the first third
    await wait((0.3 + 0.75 * random()) * whole);
    const isOver = child.exitCode !== null;
    if (i % 4 !== 3) {
      child.kill('SIGKILL');
      await ended;
      if (!isOver) hits++;
      await left();
      await after(await works(...args()));
      continue;
    }
    child.kill('SIGSTOP');
    const second = started(...args());
    const firstAlone = await Promise.race([second.ended.then(() => false), wait(45_000, true)]);
    child.kill('SIGCONT');
    const [one, two] = [await ended, await second.ended];
    // each of the two either works or says in one sentence why it does not
    for (const { code, stderr } of [one, two]) expect([code, stderr]).toEqual([expect.any(Number), expect.not.stringMatching(/\n\s+at /)]);
    expect([one.code, two.code, firstAlone], `${one.stderr}\n${two.stderr}`).toContain(0);
    await after(await works(...args()));
  }
  if (KILLS >= 10) expect(hits).toBeGreaterThan(KILLS / 4);
}

beforeAll(async () => {
  rig = await createRig({ worker: false });
  const rows = Array.from({ length: ROWS }, (_, i) => trade(START + i * 977, ((i * 7919) % 997) / 997, { identity: `${i}` }));
  await collect(rig.database, { executionId: 'a', rows, covered: WHOLE });
  await runStages(rig.database, { executionId: 'a', symbol: SYMBOL });
  full = await dataState(rig.database);
  await mkdir(path.join(rig.home, 'reports'), { recursive: true });
  await writeFile(path.join(rig.home, 'reports', 'index.html'), 'page');
  backup = path.join(rig.home, 'whole.backup');
  await works('backup', backup);
}, 120_000);
afterAll(async () => await rig.close());

const state = async (): Promise<Record<string, string>> => await dataState(rig.database);

describe(`a command killed or stopped at ${KILLS} instants`, () => {
  it(
    'leaves the file of a backup complete',
    async () => {
      const file = path.join(rig.home, 'again.backup');
      await drill({
        args: () => ['backup', file],
        before: async () => await rm(file, { force: true }),
        left: async () =>
          await verifyBackup(file).catch((error: NodeJS.ErrnoException) =>
            expect(String(error)).toMatch(/ENOENT|no such file|does not exist/),
          ),
        after: async () => await verifyBackup(file),
      });
    },
    patience(180_000),
  );

  it(
    'leaves either all of the old data or all of the new data after a restore',
    async () => {
      const emptied = async (): Promise<void> => {
        await rig.database.query('truncate symbols, instruments, ledger, runs, staged_rows, ticks restart identity cascade');
      };
      let old: Record<string, string> = {};
      await drill({
        args: () => ['restore', backup, '--replace'],
        before: async () => {
          await emptied();
          old = await state();
        },
        left: async () => expect([old, full]).toContainEqual(await state()),
        after: async () => expect(await state()).toEqual(full),
      });
    },
    patience(240_000),
  );

  it(
    'removes ticks together with their coverage, and nothing else, in a prune',
    async () => {
      const restored = async (): Promise<Answer> => await works('restore', backup, '--replace');
      const kept = ({ candles, ledger, quarantine }: Record<string, string>) => ({ candles, ledger, quarantine });
      let pruned: Record<string, string> | undefined;
      await drill({
        args: () => ['prune', '--ticks', '1d'],
        before: restored,
        left: async () => {
          const now = await state();
          expect(kept(now)).toEqual(kept(full));
          if (now.ticks === full.ticks) expect(now).toEqual(full);
        },
        after: async () => {
          const now = await state();
          pruned ??= now;
          expect([now, kept(now), now.ticks === full.ticks]).toEqual([pruned, kept(full), false]);
        },
      });
      await restored();
    },
    patience(240_000),
  );

  it('leaves no transaction open in the database', async () => {
    const database = await openDatabase({ url: rig.env.DATABASE_URL!, max: 1 });
    const { rows } = await database.query(
      "select count(*)::int as n from pg_stat_activity where state like 'idle in transaction%' and datname = current_database()",
    );
    expect(rows).toEqual([{ n: 0 }]);
    await database.close();
  });
});
