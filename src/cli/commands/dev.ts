import path from 'node:path';
import type { Command } from 'commander';
import { Closers } from '../../closers.ts';
import { webUiOf } from '../../contracts/search-attributes.ts';
import { shellWord } from '../../contracts/text/plain-text.ts';
import { homeFolder, makeHome } from '../../processes/home-folder.ts';
import { holdLock, lockOwner } from '../../processes/lock-file.ts';
import { livingRecords } from '../../processes/process-record.ts';
import { plainLog } from '../../set-up/plain-log.ts';
import { SIGNAL_EXIT_CODES, stopSignal } from '../../set-up/processes/stop-signal.ts';
import { startStack } from '../../set-up/stack.ts';
import { findTemporalCli } from '../../set-up/temporal/temporal-cli.ts';
import { keptToken, TOKEN_FILE } from '../../ui/kept-token.ts';
import { LIVE_PAGES_PORT, takesPort } from '../options/parsers.ts';
import { ExitError } from '../terminal/print.ts';

interface DevOptions {
  readonly port: number;
  readonly uiPort: number;
  readonly temporalUiPort: number;
  readonly control?: boolean;
  readonly headless?: boolean;
  readonly json?: boolean;
}

/** Registers `predictlab dev`. */
export default function register(command: Command): void {
  command
    .description(
      'Starts a Temporal server with its Web UI, an embedded Postgres (unless DATABASE_URL is set) and a worker on this machine, and keeps them up until Ctrl-C; a process that dies is restarted. ' +
        'Workflows, schedules and data stay under PREDICTLAB_HOME, so the next `dev` continues where this one stopped.',
    )
    .addOption(takesPort('--port <port>', "Temporal's port; a free port is used when it is taken", 7233))
    .addOption(takesPort('--temporal-ui-port <port>', "the port of Temporal's Web UI", 8233))
    .addOption(takesPort('--ui-port <port>', 'the port of the live pages; a free one when the default is in use', LIVE_PAGES_PORT))
    .option('--control', 'let the live pages start and steer runs, with a token')
    .option('--headless', "without the live pages and Temporal's Web UI")
    .option('--json', 'print the addresses as one line of JSON when everything is up')
    .action(dev);
}

async function dev(options: DevOptions): Promise<void> {
  const { env } = process;
  const home = homeFolder(env);
  const log = plainLog();
  await makeHome(home);
  const lock = path.join(home, 'dev.lock');
  // If two start at the same time, only one gets the lock.
  const mine = holdLock(lock);
  const other = (await livingRecords(home, log)).find(({ kind }) => kind === 'dev');
  if (mine === undefined || other !== undefined) {
    await mine?.close();
    const who = other === undefined ? `pid ${lockOwner(lock) ?? 'unknown'}, starting` : `pid ${other.pid}, Temporal ${other.address}`;
    throw new ExitError(1, `predictlab dev already runs on ${home} (${who}); use it, end it, or set another PREDICTLAB_HOME`);
  }

  const { stopped } = stopSignal();
  const closers = new Closers(log);
  closers.add('the lock of dev', mine);
  try {
    const cli = await findTemporalCli({ env, home, log });
    const stack = await startStack({
      ...options,
      uiPort: options.temporalUiPort,
      kind: 'dev',
      keepUp: true,
      env,
      cli,
      home,
      databaseFile: path.join(home, 'temporal', 'dev.sqlite'),
      ...(env.DATABASE_URL ? { databaseUrl: env.DATABASE_URL } : {}),
      closers,
      log,
    });
    const { server, worker, broken, env: stackEnv } = stack;
    const { control = false, uiPort, headless } = options;
    const token = control && !headless ? await keptToken(path.join(home, TOKEN_FILE)) : null;
    const pages = headless
      ? undefined
      : await (await import('../run/open-ui.ts')).openUi({
          env: stackEnv,
          port: uiPort,
          orFree: uiPort === LIVE_PAGES_PORT,
          control,
          token,
          closers,
          log,
        });
    if (options.json) {
      const { address, namespace, uiUrl } = server;
      process.stdout.write(
        `${JSON.stringify({ ...(pages ? { pages } : {}), ...(token === null ? {} : { token }), address, namespace, uiUrl, home, workerLog: worker.logFile })}\n`,
      );
    } else {
      const settings = [`TEMPORAL_ADDRESS=${server.address}`, ...(env.PREDICTLAB_HOME ? [`PREDICTLAB_HOME=${shellWord(home)}`] : [])];
      const isUsual = server.address === '127.0.0.1:7233';
      process.stderr.write(
        [
          ...(pages ? [`pages      ${pages}${token === null ? '' : `/#token=${token}`}`] : []),
          `Temporal   ${server.address}, namespace ${server.namespace}`,
          ...(server.uiUrl ? [`Web UI     ${webUiOf(server.uiUrl, server.namespace).runs}`] : []),
          `its CLI    ${cli}`,
          `Postgres   ${env.DATABASE_URL ? 'DATABASE_URL' : `embedded, ${home}`}`,
          `worker     ready; its log: ${worker.logFile}`,
          ...(isUsual ? [] : [`commands reach it with: ${settings.join(' ')}`]),
          'Ctrl-C stops everything.',
          '',
        ].join('\n'),
      );
    }
    const end = await Promise.race([stopped.then((signal) => ({ signal })), broken.then((fault) => ({ fault }))]);
    if ('fault' in end) throw new ExitError(1, end.fault);
    log.info('\nstopping the worker, Temporal and Postgres …');
    // Ctrl-C ends `dev` normally with exit code 0; other signals set their own exit code.
    process.exitCode = end.signal === 'SIGINT' ? 0 : SIGNAL_EXIT_CODES[end.signal];
  } finally {
    await closers.close();
  }
}
