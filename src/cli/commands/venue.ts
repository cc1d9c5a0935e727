import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { loadPlugins } from '../../activities/custom/load-plugins.ts';
import { PredictLabError } from '../../contracts/errors.ts';
import { type CheckedVenue, checkVenue, type Recording, recordingSchema } from '../../sources/check/check-venue.ts';
import type { AnyVenue, RunningVenue } from '../../sources/venue.ts';
import { loadedVenues, sourceNames, venuesOf } from '../../sources/venues.ts';
import { readJson } from '../options/read-text.ts';
import { note, printAnswer, usageError } from '../terminal/print.ts';

interface CheckOptions {
  readonly answers: string;
  readonly venue?: string;
  readonly record?: boolean;
  readonly json?: boolean;
}

const HELP = `
<module> is a plugin as in PREDICTLAB_PLUGINS, or the name of a loaded venue. The file of answers starts as
{ "selectors": [{ "market": "a" }, { "market": "b" }], "unknown": { "market": "none" }, "days": 1 }: selectors that match at least two markets, and
one that matches nothing. Of the open markets, the one that ends first needs two pages and more than 50 trades in these days. --record requests what the check needs from the venue and adds it
to the file, without the key; later checks need no network.`;

/** Registers `predictlab venue`. */
export default function register(command: Command): void {
  command
    .description('Tools for the author of a venue.')
    .command('check <module>')
    .description(
      'Holds a venue to the contract that every source keeps, over recorded answers. Exit code 0 when every rule holds, 1 when one is broken.',
    )
    .requiredOption('--answers <file>', 'JSON file with the selectors and the recorded answers')
    .option('--record', 'request the answers from the venue and write them to the file')
    .option('--venue <name>', 'the venue to check, where the module has several')
    .option('--json', 'print { venue, ok, rules: [{ rule, ok, problem }], notRecorded }')
    .addHelpText('after', HELP)
    .action(check);
}

async function check(module: string, { answers, venue: name, record = false, json }: CheckOptions): Promise<void> {
  const venue = await venueOf(module, name);
  const recording = await readRecording(answers);
  const checked = await checkVenue({ venue, recording, env: process.env, records: record, module });
  if (record) {
    await writeFile(answers, `${JSON.stringify(checked.recording, null, 2)}\n`);
    note(`${checked.recording.answers.length} answers are in ${answers}`);
  }
  const { report } = checked;
  printAnswer(json, report, linesOf(report));
  if (!report.ok) process.exitCode = 1;
}

async function venueOf(module: string, name: string | undefined): Promise<RunningVenue> {
  let venues: readonly AnyVenue[] = loadedVenues().filter((venue) => venue.name === module);
  if (venues.length === 0) {
    try {
      await loadPlugins({ PREDICTLAB_PLUGINS: module });
    } catch (error) {
      if (!(error instanceof PredictLabError)) throw error;
      throw usageError(`${error.message.replace(/^PREDICTLAB_PLUGINS: /, '')}; the loaded venues are ${sourceNames().join(', ')}`);
    }
    venues = venuesOf(module);
  }
  const chosen = name === undefined && venues.length === 1 ? venues[0] : venues.find((venue) => venue.name === name);
  const names = venues.map((venue) => venue.name).join(', ');
  if (chosen === undefined)
    throw usageError(venues.length === 0 ? `${module} has no venues; list them as \`venues\`` : `--venue: choose one of ${names}`);
  if (!('hosts' in chosen)) throw usageError(`${chosen.name} has no hosts, so it has no answers to record`);
  return chosen;
}

async function readRecording(file: string): Promise<Recording> {
  const read = recordingSchema.safeParse(await readJson(`--answers ${file}`, file, 'see `predictlab venue check --help`'));
  if (read.success) return read.data;
  const [{ path, message }] = read.error.issues;
  throw usageError(`--answers ${file}: ${path.join('.') || 'the file'}: ${message}; see \`predictlab venue check --help\``);
}

function linesOf({ venue, rules, notRecorded }: CheckedVenue): readonly string[] {
  const broken = rules.filter(({ ok }) => !ok);
  return [
    ...rules.flatMap(({ rule, ok, problem }) => [`${ok ? '✓' : '✗'} ${venue} ${rule}`, ...(problem === null ? [] : [`    ${problem}`])]),
    ...(notRecorded.length === 0 ? [] : ['', `not recorded, answered with 404: ${notRecorded.slice(0, 5).join(', ')}`]),
    '',
    broken.length === 0 ? `${venue} keeps all ${rules.length} rules` : `${venue} breaks ${broken.length} of ${rules.length} rules`,
  ];
}
