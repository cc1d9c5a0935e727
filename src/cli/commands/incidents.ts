import type { Command } from 'commander';
import { configuredSinks } from '../../incidents/alerts/configured-sinks.ts';
import { sendTestAlert } from '../../incidents/alerts/dispatcher.ts';
import { listIncidents, pendingAlerts } from '../../incidents/rows/incidents.ts';
import { closeIncident } from '../../incidents/rows/observe.ts';
import { formatTime } from '../../report/elements/format.ts';
import { takesCount } from '../options/parsers.ts';
import { ExitError, printJson, printLine, printTable, usageError } from '../terminal/print.ts';
import { useStoredData, withExistingDatabase } from '../terminal/session.ts';

interface ListOptions {
  readonly open?: boolean;
  readonly limit: number;
  readonly json?: boolean;
}

const HELP = `
One incident per root cause: it opens when a run ends with a problem (retries alone open none), lasts while one of its symbols has the
problem, and closes when all of them have recovered. docs/incidents.md explains each cause and what to do.`;

/** Registers `predictlab incidents`. */
export default function register(incidents: Command): void {
  incidents
    .description('Lists open and past incidents, newest first.')
    .option('--open', 'only open incidents')
    .addOption(takesCount('--limit <n>', 'maximum number of incidents').default(20))
    .option('--json', 'print [{ id, cause, openedAt, closedAt, runs, symbols }]')
    .addHelpText('after', HELP)
    .action(list);
  incidents
    .command('close')
    .summary('close an incident by hand')
    .argument('<id>', 'its id, as `predictlab incidents` shows it')
    .action(async (id: string) => {
      const closed = await useStoredData((database) => closeIncident(database, id, 'by hand'));
      if (!closed) throw usageError(`there is no open incident ${id}; \`predictlab incidents --open\` lists them`);
      printLine(`incident ${id} is closed`);
    });
  incidents
    .command('test')
    .summary('send a test alert to every sink of this environment')
    .description('Sends one alert, marked as a test, to each of ALERT_WEBHOOK_URL, ALERT_EMAIL_TO and ALERT_COMMAND that is set here.')
    .action(async () => {
      const ends = await sendTestAlert(configuredSinks(process.env));
      if (ends.length === 0)
        throw usageError('no sink is set here: ALERT_WEBHOOK_URL, ALERT_EMAIL_TO with ALERT_SMTP_URL, or ALERT_COMMAND');
      for (const { sink, error } of ends) printLine(`${sink}  ${error === undefined ? 'accepted' : `failed: ${error}`}`);
      if (ends.some(({ error }) => error !== undefined)) throw new ExitError(1, 'not every sink accepted the test alert');
    });
}

async function list({ open = false, limit, json }: ListOptions): Promise<void> {
  const [incidents, waiting] = await withExistingDatabase(
    async (database) =>
      database === undefined ? [[], []] : [await listIncidents(database, { open, limit }), await pendingAlerts(database)],
    'so there are no incidents',
  );
  if (json) return printJson(incidents);
  if (incidents.length === 0) return printLine(open ? 'no incident is open' : 'no incidents yet');
  printTable([
    ['id', 'opened', 'closed', 'runs', 'symbols', 'cause'],
    ...incidents.map(({ id, cause, openedAt, closedAt, runs, symbols }) => [
      id,
      formatTime(Date.parse(openedAt)),
      closedAt === null ? 'open' : formatTime(Date.parse(closedAt)),
      String(runs.length),
      symbolsOf(symbols),
      cause,
    ]),
  ]);
  for (const [id, said] of waiting) printLine(`the alert of incident ${id} is not delivered yet: ${said}`);
}

const symbolsOf = (symbols: readonly string[]): string =>
  symbols.length === 0 ? '–' : symbols.length <= 2 ? symbols.join(', ') : `${symbols[0]} and ${symbols.length - 1} more`;
