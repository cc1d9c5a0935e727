import type { Command } from 'commander';
import { type CatalogueEntry, writtenEntry } from '../../contracts/catalogue.ts';
import { oneLine } from '../../contracts/text/plain-text.ts';
import type { Database } from '../../storage/database/database.ts';
import { listingsOf, universeCounts, universeMembers } from '../../storage/markets/universes.ts';
import { fitText, printJson, printLine, printTable, usageError } from '../terminal/print.ts';
import { withExistingDatabase } from '../terminal/session.ts';

const TITLE_WIDTH = 60;
/** Members that are shown, those with the largest volume; `--json` has all. */
const SHOWN = 20;

const iso = (time: number): string => new Date(time).toISOString();

/** Prints the rules of a universe, its last listing, its shards and its members as of a time. */
export async function showUniverse(
  database: Database | undefined,
  entry: CatalogueEntry,
  { json, asOf = Date.now() }: { readonly json?: boolean; readonly asOf?: number },
): Promise<void> {
  const universe = entry.symbol;
  const [listings, counts, members] =
    database === undefined
      ? [[], undefined, []]
      : [
          await listingsOf(database, universe, asOf),
          await universeCounts(database, universe, asOf),
          await universeMembers(database, universe, { asOf, limit: json ? null : SHOWN }),
        ];
  if (json) return printJson({ ...writtenEntry(entry), asOf: iso(asOf), listings, ...counts, members });
  printLine(`${universe}  ${oneLine(entry.title)}`);
  printLine(`${entry.enabled ? 'enabled' : 'disabled'}, priority ${entry.priority}`);
  for (const [source, rules] of Object.entries(entry.sources)) for (const rule of rules) printLine(`  ${source}  ${JSON.stringify(rule)}`);
  printLine();
  if (counts === undefined || listings.length === 0)
    return printLine(`no run has listed its markets by ${iso(asOf)}; the next run lists them`);
  for (const { source, asOf: at, markets, added, requests } of listings)
    printLine(`${source}: ${markets} markets listed as of ${iso(at)} with ${requests} requests, ${added} added`);
  printLine(`${counts.members} members in ${counts.shards.length} shards; ${counts.ended} have ended and are settled`);
  printTable([['shard', 'members', 'open'], ...counts.shards.map(({ shard, members: all, open }) => [shard, String(all), String(open)])], {
    right: [1, 2],
  });
  printLine();
  printTable(
    [
      ['instrument', 'shard', 'since', 'volume', 'title'],
      ...members.map(({ instrument, shard, since, until, volume, title }) => [
        instrument,
        shard,
        `${iso(since)}${until === null ? '' : ` – ${iso(until)}`}`,
        volume === null ? '–' : volume.toFixed(0),
        fitText(oneLine(title), TITLE_WIDTH),
      ]),
    ],
    { right: [3] },
  );
  if (members.length === SHOWN) printLine(`the ${SHOWN} with the largest volume; --json prints all`);
}

/** Registers `predictlab symbols universe`. @param known finds an entry of the catalogue by name */
export function registerUniverse(symbols: Command, known: (database: Database | undefined, name: string) => Promise<CatalogueEntry>): void {
  symbols
    .command('universe')
    .summary('show the members and shards of a universe')
    .argument('<action>', 'show')
    .argument('<universe>')
    .option('--as-of <instant>', 'the members as of this time (default: now)')
    .option('--json', 'print it as JSON')
    .action((action: string, universe: string, options: { json?: boolean; asOf?: string }) => {
      if (action !== 'show') throw usageError(`symbols universe ${action}: write \`predictlab symbols universe show ${universe}\``);
      const asOf = options.asOf === undefined ? undefined : Date.parse(options.asOf);
      if (asOf !== undefined && Number.isNaN(asOf))
        throw usageError(`--as-of ${options.asOf}: write an instant, such as 2026-06-10T12:00:00Z`);
      return withExistingDatabase(async (database) => {
        const entry = await known(database, universe);
        if (entry.kind !== 'universe')
          throw usageError(`${universe} is a symbol, not a universe; \`predictlab symbols show ${universe}\` shows it`);
        await showUniverse(database, entry, { ...options, asOf });
      }, 'this is the shipped catalogue');
    });
}
