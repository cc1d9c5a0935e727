import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import type { PredictLab } from '../../client.ts';
import { Closers } from '../../closers.ts';
import { messageOf } from '../../contracts/errors.ts';
import { planOf } from '../../scheduling/graph/plan.ts';
import { homeFolder } from '../../set-up/home.ts';
import { stopSignal } from '../../set-up/processes/stop-signal.ts';
import { openDatabase } from '../../storage/database/open-database.ts';
import { resolveDatabase } from '../../storage/embedded/resolve-database.ts';
import { createLog } from '../../telemetry/log.ts';
import { isLoopback } from '../../ui/access.ts';
import { parsePort } from '../options/parse-port.ts';
import { usageError } from '../terminal/exit.ts';
import { openInBrowser } from '../terminal/open-in-browser.ts';
import { note } from '../terminal/print.ts';
import { withCoverage } from './plan-coverage.ts';
import { plannedRun } from './planned-run.ts';

interface Options {
  readonly port: number;
  readonly listen: string;
  readonly control?: boolean;
  readonly open?: boolean;
  readonly json?: boolean;
}

/** Where Temporal was away it is looked for again this much later. */
const CONNECT_AGAIN_MS = 5_000;

export function registerUi(program: Command): void {
  program
    .command('ui')
    .summary('the live pages: all runs at a glance, each run while it runs, symbols as of now')
    .description(
      'Serves the pages on this machine until Ctrl-C: / shows the last runs × symbols, a run’s page follows the run while it is open, a task opens with its attempts and log lines. ' +
        'It only shows, unless --control lets whoever has the printed token pause, resume, cancel and retry.',
    )
    .option('--port <port>', 'the port', parsePort, 8270)
    .option('--listen <host>', 'the address to listen on; beyond loopback every page needs the token', '127.0.0.1')
    .option('--control', 'let the pages act, with a token')
    .option('--open', 'open it in the browser')
    .option('--json', 'print { address, token } as one line of JSON once it answers')
    .addHelpText('after', '\nExamples:\n  predictlab ui --open\n  predictlab ui --control --port 9000')
    .action(ui);
}

async function ui(options: Options): Promise<void> {
  const { env } = process;
  if (options.listen.trim() === '') throw usageError('--listen: write an address of this machine, for example 127.0.0.1');
  const log = createLog({ LOG_LEVEL: 'warn', ...env });
  const closers = new Closers(log);
  const { stopped } = stopSignal();
  try {
    const { url } = closers.add('the embedded Postgres', await resolveDatabase(env, log));
    const database = closers.add('the database pool', await openDatabase({ url, max: 6, applicationName: 'predictlab-ui' }));
    const temporal = closers.add(
      'the Temporal connection',
      lastingConnection((reason) => log.warn(reason)),
    );
    const guarded = !isLoopback(options.listen);
    const token = options.control || guarded ? randomBytes(24).toString('base64url') : null;
    const { serveUi } = await import('../../ui/serve-ui.ts');
    const server = closers.add(
      'the pages',
      await serveUi({
        database,
        home: homeFolder(env),
        lab: () => temporal.lab(),
        plan: async () => {
          const { config, graph } = await plannedRun(database, {});
          return await withCoverage(database, { tasks: planOf(graph), config });
        },
        host: options.listen,
        port: options.port,
        token,
        control: options.control === true,
        guarded,
        ...(env.TEMPORAL_UI_URL
          ? { temporalUiUrl: `${env.TEMPORAL_UI_URL}/namespaces/${env.TEMPORAL_NAMESPACE ?? 'default'}/workflows` }
          : {}),
        log,
      }),
    );
    const address = guarded ? `${server.address}/?token=${token}` : options.control ? `${server.address}/#token=${token}` : server.address;
    if (options.json) process.stdout.write(`${JSON.stringify({ address: server.address, ...(token === null ? {} : { token }) })}\n`);
    else note(`${address}\nCtrl-C stops it.`);
    if (options.open && !(await openInBrowser(address))) note(`no browser could be started; open ${address} by hand`);
    await stopped;
  } finally {
    await closers.close();
  }
}

/** Temporal while it is there: a server that is away costs the live parts of the pages, not the pages. */
function lastingConnection(tell: (reason: string) => void): { lab(): Promise<PredictLab | undefined>; close(): Promise<void> } {
  let connected: Promise<PredictLab | undefined> | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;
  const connect = async (): Promise<PredictLab | undefined> => {
    try {
      const { PredictLab } = await import('../../client.ts');
      return await PredictLab.connect();
    } catch (error) {
      if (failedAt === Number.NEGATIVE_INFINITY) tell(messageOf(error));
      failedAt = Date.now();
      connected = undefined;
      return undefined;
    }
  };
  return {
    async lab() {
      if (connected === undefined && Date.now() - failedAt < CONNECT_AGAIN_MS) return undefined;
      connected ??= connect();
      return await connected;
    },
    async close() {
      await (await connected)?.close();
    },
  };
}
