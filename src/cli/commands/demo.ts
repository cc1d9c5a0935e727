import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { shippedStrategies, strategyTrials } from '../../backtest/strategies/registry.ts';
import { Closers } from '../../closers.ts';
import type { CatalogueEntry } from '../../contracts/catalogue.ts';
import type { Log } from '../../contracts/log.ts';
import { webUiOf } from '../../contracts/search-attributes.ts';
import { shellWord } from '../../contracts/text/plain-text.ts';
import { homeFolder, makeFolder, PASSAGE_MODE } from '../../processes/home-folder.ts';
import { livingRecords } from '../../processes/process-record.ts';
import { readDemoData } from '../../set-up/demo-data.ts';
import { plainLog } from '../../set-up/plain-log.ts';
import { runCommandLine } from '../../set-up/processes/child-process.ts';
import { SIGNAL_EXIT_CODES, stopSignal } from '../../set-up/processes/stop-signal.ts';
import { startStack } from '../../set-up/stack.ts';
import { findTemporalCli } from '../../set-up/temporal/temporal-cli.ts';
import { parseCatalogue } from '../../sources/catalogue/parse-catalogue.ts';
import { venueVariables } from '../../sources/create-sources.ts';
import { COLUMNS_HELP, parseColumns } from '../options/column-options.ts';
import { LIVE_PAGES_PORT } from '../options/parsers.ts';
import { type StrategyOptions, strategiesIn, withStrategies } from '../options/run-options.ts';
import { ExitError, usageError } from '../terminal/print.ts';

interface DemoOptions extends StrategyOptions {
  readonly keep?: boolean;
  readonly data?: string;
  readonly columns?: string;
  readonly firstOutcome?: string;
  readonly json?: boolean;
}

/** Registers `predictlab demo`. */
export default function register(command: Command): void {
  withStrategies(command)
    .description(
      'Starts Temporal with its Web UI, an embedded Postgres, a worker and the sandbox venue, imports the sandbox catalogue and runs the pipeline over it. ' +
        "Stops everything at the end and exits with the run's exit code.",
    )
    .option('--keep', 'keep everything running until Ctrl-C')
    .option('--data <folder>', 'run on the CSV files of this folder instead, one symbol per file')
    .option('--columns <mapping>', `with --data, ${COLUMNS_HELP} (default: guessed from the header)`)
    .option('--first-outcome <name>', 'with --data: the outcome whose probability is the price; default: guessed from the file')
    .option('--json', "print the run's result as JSON")
    .action(demo);
}

async function demo(options: DemoOptions): Promise<void> {
  const { env } = process;
  const log = plainLog();
  const home = homeFolder(env);
  const lone = options.data === undefined && (options.columns !== undefined || options.firstOutcome !== undefined);
  if (lone)
    throw usageError(
      `--${options.columns === undefined ? 'first-outcome' : 'columns'} has no effect without --data; name the folder of your files with --data`,
    );
  await checkStrategies(options);
  const input = options.data === undefined ? await sandboxInput(home) : await dataInput(home, options.data, options, log);
  const cli = await findTemporalCli({ env, home, log });
  await livingRecords(input.home, log);

  const stop = stopSignal();
  const { stopped } = stop;
  const closers = new Closers(log);
  try {
    log.info(`starting Temporal, Postgres, a worker${input.venue ? ' and the sandbox venue' : ''} …`);
    const stack = await startStack({
      kind: 'demo',
      env: { LOG_LEVEL: 'warn', ...env },
      cli,
      home: input.home,
      port: 7233,
      uiPort: 8233,
      venue: async () => (input.venue ? closers.add('the sandbox venue', await input.venue()).environment : {}),
      prepare: async (prepared) => {
        const { importDemoCatalogue } = await import('../../set-up/demo-catalogue.ts');
        await importDemoCatalogue({ url: prepared.DATABASE_URL as string, home: input.home, entries: input.entries });
      },
      closers,
      log,
    });
    const { server, worker, broken, env: stackEnv } = stack;
    if (stop.received) {
      process.exitCode = SIGNAL_EXIT_CODES[stop.received];
      return;
    }
    const workflows = webUiOf(server.uiUrl, server.namespace).runs;
    // With --keep the pages are served from the start of the run.
    const pages = options.keep ? await livePages(stackEnv, closers, log) : undefined;
    log.info(`${pages === undefined ? '' : `live pages:        ${pages}\n`}Temporal's Web UI: ${workflows}\n`);
    // Stops following the run if its worker or server is gone, since the run cannot end then.
    let fault: string | undefined;
    const abort = broken.then((why) => {
      fault = why;
      return 'SIGKILL' as const;
    });
    // Names the symbols, since the user's other symbols do not exist at the sandbox venue.
    const symbols = input.entries.flatMap(({ enabled, symbol }) => (enabled ? [symbol] : []));
    const words = [
      'run',
      '--ends-with-server',
      '--symbols',
      ...symbols,
      ...input.runOptions,
      ...strategyWords(options),
      ...(options.json ? ['--json'] : []),
    ];
    const code = await runCommandLine(words, { env: stackEnv, stopped: Promise.race([stopped, abort]) });
    if (fault !== undefined) throw new ExitError(1, fault);
    process.exitCode = stop.received ? SIGNAL_EXIT_CODES[stop.received] : code;
    if (pages === undefined || stop.received) {
      log.info(`\nTemporal's Web UI was at ${workflows}; with --keep it stays up.`);
      return;
    }
    log.info(keptUp({ pages, workflows, cli, workerLog: worker.logFile, env: stackEnv }));
    await Promise.race([stopped, abort]);
    if (fault !== undefined) throw new ExitError(1, fault);
    log.info('\nstopping everything …');
  } finally {
    await closers.close();
  }
}

/** Refuses an unknown strategy or parameter before anything is started. @throws ExitError 2 */
async function checkStrategies(options: StrategyOptions): Promise<void> {
  const strategies = strategiesIn(options) ?? [];
  if (strategies.length === 0) return;
  const { loadPlugins } = await import('../../activities/custom/load-plugins.ts');
  const known = [...shippedStrategies, ...(await loadPlugins(process.env)).strategies];
  for (const { name, params = {} } of strategies) {
    const checked = strategyTrials(name, params, known);
    if ('problems' in checked) throw usageError(checked.problems.join('; '));
  }
}

const strategyWords = ({ strategy = [], param = [] }: StrategyOptions): string[] => [
  ...strategy.flatMap((name) => ['--strategy', name]),
  ...param.flatMap((pair) => ['--param', pair]),
];

async function livePages(env: NodeJS.ProcessEnv, closers: Closers, log: Log): Promise<string> {
  const { openUi } = await import('../run/open-ui.ts');
  return await openUi({ env, port: LIVE_PAGES_PORT, orFree: true, closers, log });
}

interface KeptUp {
  readonly pages: string;
  readonly workflows: string;
  readonly cli: string;
  readonly workerLog: string;
  readonly env: NodeJS.ProcessEnv;
}

function keptUp({ pages, workflows, cli, workerLog, env }: KeptUp): string {
  const names = ['TEMPORAL_ADDRESS', 'PREDICTLAB_HOME', ...venueVariables().filter((name) => env[name] !== undefined)];
  return [
    '',
    `live pages:        ${pages}`,
    `Temporal's Web UI: ${workflows}`,
    `Temporal's CLI:    ${cli}`,
    `worker log:        ${workerLog}`,
    'predictlab commands reach it with:',
    ...names.map((name) => `  export ${name}=${shellWord(env[name] ?? '')}`),
    'Ctrl-C stops everything.',
  ].join('\n');
}

interface DemoInput {
  /** The demo's folder under PREDICTLAB_HOME; generated trades must not mix with collected ones. */
  readonly home: string;
  /** The symbols to run: the catalogue may have others. */
  readonly entries: readonly CatalogueEntry[];
  readonly runOptions: readonly string[];
  readonly venue?: () => Promise<{ readonly environment: Readonly<Record<string, string>>; close(): Promise<void> }>;
}

/** The demo's input without `--data`: the sandbox venue with its generated markets. */
async function sandboxInput(home: string): Promise<DemoInput> {
  const catalogue = new URL('../../../sandbox/catalogue.json', import.meta.url);
  return {
    home: path.join(home, 'demo'),
    entries: parseCatalogue(JSON.parse(await readFile(catalogue, 'utf8')), 'the sandbox catalogue'),
    runOptions: [],
    // Loaded here: deployments do not contain the sandbox.
    venue: async () => await (await import('../../../sandbox/venue.ts')).startSandboxVenue(),
  };
}

/** The demo's input with `--data`: the user's CSV files, each as a symbol that is named after the file. */
async function dataInput(
  home: string,
  folder: string,
  options: { columns?: string; firstOutcome?: string },
  log: Pick<Log, 'warn'>,
): Promise<DemoInput> {
  const { entries, asOf, daysBack } = await readDemoData({
    folder,
    ...(options.columns === undefined ? {} : { columns: await parseColumns(options.columns) }),
    firstOutcome: options.firstOutcome,
    now: Date.now(),
    skip: (message) => log.warn(message),
  });
  const own = path.join(home, 'demo-data');
  await makeFolder(own, PASSAGE_MODE);
  const window = ['--as-of', new Date(asOf).toISOString(), '--days', String(daysBack)];
  return { home: own, entries, runOptions: ['--sources', 'file', ...window] };
}
