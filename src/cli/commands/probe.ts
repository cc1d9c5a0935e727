import { styleText } from 'node:util';
import type { Command } from 'commander';
import { oneLine } from '../../contracts/text/plain-text.ts';
import { createSources, probedVenues } from '../../sources/create-sources.ts';
import { type ProbedRoute, type ProbeMeaning, probeExitCode } from '../../sources/probe/judge-answer.ts';
import { wordArgument } from '../options/parsers.ts';
import { hasColours } from '../terminal/live-table.ts';
import { printJson, printLine, printPainted, printTable } from '../terminal/print.ts';

const LIMIT_MS = 120_000;
/** Seconds by which a venue's clock may be wrong before a note is printed. */
const CLOCK_OFF_SECONDS = 60;

const COLOURS: Readonly<Record<ProbeMeaning, 'green' | 'yellow' | 'red'>> = {
  ok: 'green',
  changed: 'red',
  'announced to end': 'yellow',
  blocked: 'red',
  unreachable: 'red',
  'not requested': 'yellow',
};

/** Registers `predictlab probe`. */
export default function register(command: Command): void {
  command
    .description(
      'Requests each route of a venue once and compares the answer with what this build expects: fields that are missing or new, headers that announce ' +
        'the end of a route, the clock. Needs no database and stores nothing. Exit code 0 when every route can be read, 1 when one has changed, ' +
        '3 when one cannot be reached from here. Send the output of --json with a report about a changed venue: it contains no key.',
    )
    .addArgument(wordArgument('venue', 'default: every venue', probedVenues()))
    .option(
      '--json',
      'print { ok, routes: [{ venue, route, expects, meaning, status, came, missingFields, newFields, announced, changes, … }] }',
    )
    .action(probe);
}

async function probe(venue: string | undefined, { json }: { readonly json?: boolean }): Promise<void> {
  const sources = createSources({ env: process.env });
  try {
    const venues = venue === undefined ? probedVenues() : [venue];
    const routes = await sources.probe({ venues, signal: AbortSignal.timeout(LIMIT_MS) });
    const code = probeExitCode(routes);
    if (json) printJson({ ok: code === 0, routes });
    else printRoutes(routes);
    if (code !== 0) process.exitCode = code;
  } finally {
    await sources.close();
  }
}

function printRoutes(routes: readonly ProbedRoute[]): void {
  printTable([
    ['venue', 'route', 'status', 'meaning', 'came'],
    ...routes.map((each) => [each.venue, each.route, each.status === null ? '–' : String(each.status), each.meaning, oneLine(each.came)]),
  ]);
  const different = routes.filter((each) => each.meaning !== 'ok' || notesOf(each).length > 0);
  for (const each of different) {
    const meaning = hasColours(process.stdout) ? styleText(COLOURS[each.meaning], each.meaning) : each.meaning;
    printLine();
    printPainted([`${each.venue} ${each.route}: ${meaning}`]);
    printLine(`  expects ${each.expects}`);
    printLine(`  came    ${oneLine(each.came)}`);
    for (const note of notesOf(each)) printLine(`          ${oneLine(note)}`);
    printLine(`  → ${ACTIONS[each.meaning]}`);
  }
}

const ACTIONS: Readonly<Record<ProbeMeaning, string>> = {
  ok: 'nothing: the route can be read',
  changed: 'update PredictLab; if this is the newest version, report it with the output of `predictlab probe --json`',
  'announced to end': 'update PredictLab before the route ends; runs read it until then',
  blocked: 'use another network, a host that serves you, or a valid key (docs/troubleshooting.md)',
  unreachable: 'check the network and the address of the venue, then try again',
  'not requested': 'remove the reason, then try again',
};

/** Differences from the expected answer, and clocks that are far off. */
function notesOf({ missingFields, newFields, announced, changes, clockAheadSeconds, ageSeconds }: ProbedRoute): readonly string[] {
  return [
    ...(missingFields.length > 0 ? [`missing: ${missingFields.join(', ')}`] : []),
    ...(newFields.length > 0 ? [`new: ${newFields.join(', ')}`] : []),
    ...announced,
    ...changes,
    ...(clockAheadSeconds !== null && Math.abs(clockAheadSeconds) > CLOCK_OFF_SECONDS
      ? [`its clock is ${Math.abs(clockAheadSeconds)} s ${clockAheadSeconds > 0 ? 'ahead of' : 'behind'} ours`]
      : []),
    ...(ageSeconds !== null && ageSeconds > CLOCK_OFF_SECONDS ? [`the answer was in a cache for ${ageSeconds} s`] : []),
  ];
}
