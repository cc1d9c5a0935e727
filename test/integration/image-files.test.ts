import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, it } from 'vitest';
import { testDatabase } from '../support/postgres.ts';

const run = promisify(execFile);
const ROOT = path.resolve(import.meta.dirname, '../..');
/** The instructions of the Dockerfile, one per line, by stage. */
const [BUILD, FINAL] = readFileSync(path.join(ROOT, 'Dockerfile'), 'utf8')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\s*\\\n\s*/g, ' ')
  .split(/^FROM .*$/m)
  .slice(1)
  .map((stage) => stage.split('\n').filter((line) => /^(?:COPY|RUN) /.test(line)));
/** Any account without rights: the steps must not depend on root. */
const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

/** Carries out the steps of a stage in a folder as far as no container is needed. */
async function build(stage: readonly string[], folder: string, from: string): Promise<void> {
  for (const line of stage) {
    const [, instruction, words] = /^(COPY|RUN) (.*)$/.exec(line)!;
    if (instruction === 'RUN') {
      // chown concerns only the account and the volume of the container
      if (words.includes('chown')) continue;
      await run('sh', ['-c', words], { cwd: folder, env: { PATH: process.env.PATH, HOME: folder }, maxBuffer: 2 ** 26, ...user });
      continue;
    }
    const paths = words.split(/\s+/).filter((word) => !word.startsWith('--from='));
    for (const source of paths.slice(0, -1)) {
      const name = path.basename(source);
      cpSync(path.join(from, name), path.join(folder, name), { recursive: true, verbatimSymlinks: true });
      await run('chown', ['-R', `${user.uid ?? process.getuid?.()}:${user.gid ?? process.getgid?.()}`, path.join(folder, name)]);
    }
  }
}

it('the files of the container image are enough to start the command line and a worker', { timeout: 900_000 }, async () => {
  const scratch = mkdtempSync(path.join(tmpdir(), 'predictlab-image-'));
  const folders = ['build', 'app', 'data'].map((name) => path.join(scratch, name));
  for (const folder of [scratch, ...folders]) {
    mkdirSync(folder, { recursive: true });
    if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  }
  const [buildFolder, app, home] = folders;
  await build(BUILD, buildFolder, ROOT);
  await build(FINAL, app, buildFolder);
  const { url, close } = await testDatabase();
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: 'production',
    PREDICTLAB_HOME: home,
    DATABASE_URL: url,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    PREDICTLAB_TASK_QUEUE: `image-${process.pid}`,
    METRICS_ADDRESS: '127.0.0.1:0',
    HEALTH_ADDRESS: '127.0.0.1:0',
    LOG_FORMAT: 'json',
  };
  // as the user of the tests, who alone can reach their Postgres
  const command = [path.join(app, 'bin/predictlab.js')];
  const { stdout } = await run(process.execPath, [...command, 'symbols', 'list', '--json'], { cwd: app, env });
  expect(JSON.parse(stdout)).not.toEqual([]);
  const worker = spawn(process.execPath, [...command, 'worker'], { cwd: app, env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  const exited = once(worker, 'close');
  await new Promise<void>((resolve, reject) => {
    worker.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('worker ready')) resolve();
    });
    void exited.then(() => reject(new Error(said)));
  });
  worker.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
  await close();
  rmSync(scratch, { recursive: true });
});
