import path from 'node:path';
import type { Command } from 'commander';
import { Closers } from '../../closers.ts';
import { homeFolder } from '../../processes/home-folder.ts';
import { stopSignal } from '../../set-up/processes/stop-signal.ts';
import { hasDatabase } from '../../storage/embedded/resolve-database.ts';
import { isLoopback } from '../../ui/access.ts';
import { keptToken, TOKEN_FILE } from '../../ui/kept-token.ts';
import { LIVE_PAGES_PORT, takesPort } from '../options/parsers.ts';
import { openInBrowser, openPrivately } from '../terminal/open-in-browser.ts';
import { note, usageError } from '../terminal/print.ts';
import { nothingStored } from '../terminal/session.ts';

interface Options {
  readonly port: number;
  readonly listen: string;
  readonly control?: boolean;
  readonly tokenFile?: string;
  readonly open?: boolean;
  readonly json?: boolean;
}

/** Registers `predictlab ui`. */
export default function register(command: Command): void {
  command
    .description(
      'Serves the pages on this machine until Ctrl-C: / shows the last runs × symbols, a run’s page follows the run while it is open, a task opens with its attempts and log lines. ' +
        'The pages are read-only; with --control the holder of the printed token can pause, resume, cancel and retry.',
    )
    .addOption(takesPort('--port <port>', 'the port', LIVE_PAGES_PORT))
    .option('--listen <host>', 'the address to listen on; outside loopback every page needs the token', '127.0.0.1')
    .option('--control', 'let the pages steer runs, with a token')
    .option('--token-file <file>', 'the file that stores the token (default: ui-token under PREDICTLAB_HOME)')
    .option('--open', 'open it in the browser')
    .option('--json', 'print { address, token } as one line of JSON once it answers')
    .action(ui);
}

async function ui(options: Options): Promise<void> {
  const { env } = process;
  if (options.listen.trim() === '') throw usageError('--listen: write an address of this machine, for example 127.0.0.1');
  if (options.tokenFile?.trim() === '') throw usageError('--token-file: write the path of a file');
  // The pages only read, so they must not create a database.
  if (!hasDatabase(env)) throw usageError(nothingStored(env));
  const [{ createLog }, { openUi }] = await Promise.all([import('../../telemetry/log.ts'), import('../run/open-ui.ts')]);
  const log = createLog({ LOG_LEVEL: 'warn', ...env });
  const closers = new Closers(log);
  const { stopped } = stopSignal();
  try {
    const guarded = !isLoopback(options.listen);
    const token = options.control || guarded ? await keptToken(options.tokenFile ?? path.join(homeFolder(env), TOKEN_FILE)) : null;
    const control = options.control === true;
    const served = await openUi({ env, host: options.listen, port: options.port, token, control, guarded, closers, log });
    // Beyond loopback, `?token=` becomes a cookie that allows reading; pages take the token after `#` for requests that act.
    const address = `${served}${guarded ? `/?token=${token}` : ''}${control ? `${guarded ? '' : '/'}#token=${token}` : ''}`;
    if (options.json) process.stdout.write(`${JSON.stringify({ address: served, ...(token === null ? {} : { token }) })}\n`);
    else note(`${address}\nCtrl-C stops it.`);
    if (options.open) {
      const opened =
        token === null ? await openInBrowser(address) : closers.add('the page that opens', await openPrivately(address)).opened;
      if (!opened) note(`no browser could be started; open ${address} by hand`);
    }
    await stopped;
  } finally {
    await closers.close();
  }
}
