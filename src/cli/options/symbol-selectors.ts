import { type CatalogueEntry, catalogueEntrySchema } from '../../contracts/catalogue.ts';
import type { OwnFacts } from '../../contracts/own-facts.ts';
import type { SourceType } from '../../contracts/words.ts';
import { parseCatalogue } from '../../sources/catalogue/parse-catalogue.ts';
import type { AnyVenue } from '../../sources/venue.ts';
import { sourceNames, venueNamed } from '../../sources/venues.ts';
import { usageError } from '../terminal/print.ts';
import { parseJson } from './read-text.ts';

export type SelectorTexts = Readonly<Record<SourceType, readonly string[]>>;

/**
 * Parses selectors as typed: `slug=…`, `marketId=123`, `path=ticks/*.csv` or one JSON object.
 * @throws ExitError 2, PredictLabError BadInput that lists the forms
 */
export function parseSelectors(symbol: string, texts: SelectorTexts): CatalogueEntry['sources'] {
  const sources = Object.fromEntries(Object.entries(texts).map(([source, list]) => [source, list.map((text) => selectorOf(source, text))]));
  return parseCatalogue([{ symbol, sources }], symbol)[0].sources;
}

function selectorOf(source: string, text: string): unknown {
  if (text.trimStart().startsWith('{')) return parseJson(`--${source} ${text}`, text, 'write name=value, or a JSON object');
  const [name, value] = text.split(/=(.*)/s);
  if (value === undefined || value === '') {
    if (source === 'file') return { path: text };
    throw usageError(`--${source} ${text}: write name=value, such as ${venueNamed(source)?.example}`);
  }
  const selector = { [name]: value };
  // Values on the command line are text, but some selectors take a number.
  const isNumber = /^\d+$/.test(value) && venueNamed(source)?.selector.safeParse(selector).success === false;
  return isNumber ? { [name]: Number(value) } : selector;
}

/** Adds selectors to an entry. A selector that it already has is not repeated; a new selector of the same file path replaces the old one. */
export function withSelectors(entry: CatalogueEntry, more: CatalogueEntry['sources']): CatalogueEntry {
  const merged = Object.fromEntries(
    [...new Set([...sourceNames(), ...Object.keys(entry.sources)])].flatMap((source) => {
      const all = [...(entry.sources[source] ?? []), ...(more[source] ?? [])];
      const distinct = [
        ...new Map(all.map((selector) => ['path' in selector ? selector.path : JSON.stringify(selector), selector])).values(),
      ];
      return distinct.length === 0 ? [] : [[source, distinct]];
    }),
  );
  return catalogueEntrySchema.parse({ ...entry, sources: merged });
}

/** A selector in the form `symbols add` takes (`eventSlug=…`), with the facts about a file's market in words. */
export function selectorText(selector: unknown): string {
  const { resolution, closesAt, endsAt, closedAt, event, fees, tick, ...rest } = selector as Record<string, unknown> & OwnFacts;
  const [pair, ...others] = Object.entries(rest);
  const fee = fees && `${fees.model} ${fees.rate}`;
  const facts = { pays: resolution, closes: closesAt, 'announced to end': endsAt, closed: closedAt, event, fees: fee, tick };
  const said = Object.entries(facts).flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]));
  return [others.length === 0 && pair !== undefined ? `${pair[0]}=${String(pair[1])}` : JSON.stringify(rest), ...said].join(', ');
}

/**
 * The symbol given to a command.
 * @param where the option or command that names the symbol, for the error: `--symbol`
 * @throws ExitError 2 when it is not a valid symbol
 */
export function symbolName(where: string, symbol: string): string {
  if (catalogueEntrySchema.shape.symbol.safeParse(symbol).success) return symbol;
  const shown = symbol.length > 40 ? `${symbol.slice(0, 40)}…` : symbol;
  throw usageError(`${where} ${shown}: a symbol has at most 128 letters, digits, _ . - and starts with a letter or digit`);
}

/** A selector of a venue, as an example of how the command line takes it. */
export const exampleOf = ({ name, example }: Pick<AnyVenue, 'name' | 'example'>): string => `--${name} ${example}`;
