import { type CatalogueEntry, writtenEntry } from '../../contracts/catalogue.ts';
import { oneLine } from '../../contracts/text/plain-text.ts';
import type { Database } from '../../storage/database/database.ts';
import { listingsOf, universeCounts, universeMembers } from '../../storage/markets/universes.ts';
import { fitText, printJson, printLine, printTable } from '../terminal/print.ts';

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
