import { oneLine } from '../../contracts/text/plain-text.ts';
import { createSources, type VenueSearch } from '../../sources/create-sources.ts';
import type { SearchHit } from '../../sources/source.ts';
import { selectorText } from '../options/symbol-selectors.ts';
import { fitText, note, printJson, printLine, printTable, usageError } from '../terminal/print.ts';

const TITLE_WIDTH = 60;

/** Searches the venues for markets and prints those that could be added, with their twins at other venues. */
export async function searchSymbols(text: string, { json, tag }: { json?: boolean; tag?: string }): Promise<void> {
  if (text.trim() === '' && tag === undefined) throw usageError('symbols search: write words to search for, or a tag with --tag crypto');
  const sources = createSources({ env: process.env });
  try {
    const found = await sources.search({ text, ...(tag !== undefined && { tag }), signal: AbortSignal.timeout(60_000) });
    const hits = [...found.values()].flatMap(hitsOf);
    for (const venue of found.values()) if ('skipped' in venue) note(venue.skipped);
    if (json) return printJson(withTwins(hits));
    if (hits.length === 0) return printLine(`nothing matches "${oneLine(text || (tag ?? ''))}"; try fewer or other words`);
    printTable([
      ['source', 'selector', 'markets', 'state', 'twins', 'title'],
      ...withTwins(hits).map((hit) => [
        hit.source,
        selectorText(hit.selector),
        String(hit.markets),
        hit.closed ? 'closed' : 'open',
        hit.twins.length === 0 ? '–' : String(hit.twins.length),
        fitText(oneLine(hit.title), TITLE_WIDTH),
      ]),
    ]);
    const [first] = hits;
    printLine();
    printLine(`add one with: predictlab symbols add MY_SYMBOL --${first.source} ${selectorText(first.selector)}`);
  } finally {
    await sources.close();
  }
}

const hitsOf = (venue: VenueSearch): readonly SearchHit[] => ('hits' in venue ? venue.hits : []);

/** Search hits with their twins on both sides, although only one of two venues names the other's market. */
export function withTwins(hits: readonly SearchHit[]): readonly SearchHit[] {
  const named = new Map<string, string[]>();
  for (const { twins, instruments } of hits)
    for (const twin of twins) named.set(twin.toLowerCase(), [...(named.get(twin.toLowerCase()) ?? []), ...instruments]);
  return hits.map((hit) => ({
    ...hit,
    twins: [...new Set([...hit.twins, ...hit.instruments.flatMap((id) => named.get(id.toLowerCase()) ?? [])])],
  }));
}
