import type { Command } from 'commander';
import { configuredSinks } from '../../alerts/configured-sinks.ts';
import { tellTest } from '../../alerts/test-alert.ts';
import type { Incident } from '../../incidents/incident-text.ts';
import { listIncidents, untold } from '../../storage/incidents/incidents.ts';
import { closeIncident } from '../../storage/incidents/observe.ts';
import { ExitError, usageError } from '../terminal/exit.ts';
import { printJson, printLine, printTable } from '../terminal/print.ts';
import { lookIntoDatabase, useStoredData } from '../terminal/session.ts';

interface ListOptions {
  readonly open?: boolean;
  readonly limit: string;
  readonly json?: boolean;
}

const HELP = `
One incident a root cause: it opens when a run ends with a trouble (retries are silent), lasts while any of its symbols is troubled,
and closes when all of them are well again. docs/incidents.md says what each means and what to do.`;

/** Adds `predictlab incidents`. */
export function registerIncidents(program: Command): void {
  const incidents = program
    .command('incidents')
    .description('What is wrong now and what was, newest first.')
    .option('--open', 'only what is not over')
    .option('--limit <n>', 'how many', '20')
    .option('--json', 'print [{ id, cause, openedAt, closedAt, runs, symbols }]')
    .addHelpText('after', HELP)
    .action(list);
  incidents
    .command('close')
    .summary('end an incident that nobody will look at again')
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
      const ends = await tellTest(configuredSinks(process.env));
      if (ends.length === 0)
        throw usageError('no sink is set here: ALERT_WEBHOOK_URL, ALERT_EMAIL_TO with ALERT_SMTP_URL, or ALERT_COMMAND');
      for (const { sink, error } of ends) printLine(`${sink}  ${error === undefined ? 'took it' : `did not take it: ${error}`}`);
      if (ends.some(({ error }) => error !== undefined)) throw new ExitError(1, 'not every sink took the test alert');
    });
}

async function list({ open = false, limit, json }: ListOptions): Promise<void> {
  const count = Number(limit);
  if (!Number.isInteger(count) || count < 1) throw usageError(`--limit ${limit}: write a whole number from 1 on`);
  const [incidents, waiting] = await lookIntoDatabase(
    async (database) =>
      database === undefined ? [[], []] : [await listIncidents(database, { open, limit: count }), await untold(database)],
    'so there are no incidents',
  );
  if (json) return printJson(incidents);
  if (incidents.length === 0) return printLine(open ? 'no incident is open' : 'no incidents yet');
  printTable([
    ['id', 'opened', 'closed', 'runs', 'symbols', 'cause'],
    ...incidents.map(({ id, cause, openedAt, closedAt, runs, symbols }) => [
      id,
      minute(openedAt),
      closedAt === null ? 'open' : minute(closedAt),
      String(runs.length),
      symbolsOf({ symbols }),
      cause,
    ]),
  ]);
  for (const [id, said] of waiting) printLine(`incident ${id} is not told yet: ${said}`);
}

const minute = (time: string): string => `${time.slice(0, 16).replace('T', ' ')}Z`;

const symbolsOf = ({ symbols }: Pick<Incident, 'symbols'>): string =>
  symbols.length === 0 ? '–' : symbols.length <= 2 ? symbols.join(', ') : `${symbols[0]} and ${symbols.length - 1} more`;
