import type { CatalogueEntry } from '../../contracts/catalogue.ts';
import { catalogueEntrySchema } from '../../contracts/catalogue.ts';
import type { OwnFacts } from '../../contracts/own-facts.ts';
import type { SourceType } from '../../contracts/words.ts';
import { parseCatalogue } from '../../sources/catalogue/parse-catalogue.ts';
import { ExitError, usageError } from '../terminal/exit.ts';
import { parseJson } from './read-text.ts';

export type SelectorTexts = Readonly<Partial<Record<SourceType, readonly string[]>>>;

/**
 * Selectors as typed: `slug=…`, `marketId=123`, `path=ticks/*.csv` or one JSON object.
 *
 * @throws ExitError 2, PredictLabError BadInput that lists the forms
 */
export function parseSelectors(symbol: string, texts: SelectorTexts): CatalogueEntry['sources'] {
  const sources = Object.fromEntries(Object.entries(texts).map(([source, list]) => [source, list.map((text) => selectorOf(source, text))]));
  return parseCatalogue([{ symbol, sources }], symbol)[0].sources;
}

function selectorOf(source: string, text: string): unknown {
  if (text.trimStart().startsWith('{')) {
    try {
      return parseJson(text);
    } catch (error) {
      if (error instanceof ExitError) throw usageError(`--${source}: ${error.message}`);
      throw usageError(`--${source} ${text}: this is not valid JSON`);
    }
  }
  const [name, value] = text.split(/=(.*)/s);
  if (value === undefined || value === '') {
    if (source === 'file') return { path: text };
    throw usageError(`--${source} ${text}: write name=value, such as ${source === 'predict' ? 'marketId=123' : 'slug=will-it-rain'}`);
  }
  return { [name]: name === 'marketId' ? Number(value) : value };
}

/** Adds selectors to an entry. A selector that it already has is not repeated; a new selector of the same file path replaces the old one. */
export function withSelectors(entry: CatalogueEntry, more: CatalogueEntry['sources']): CatalogueEntry {
  const merged = Object.fromEntries(
    (['polymarket', 'predict', 'file'] as const).flatMap((source) => {
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
  const parts = [
    others.length === 0 && pair !== undefined ? `${pair[0]}=${String(pair[1])}` : JSON.stringify(rest),
    ...(resolution === undefined ? [] : [`pays ${resolution}`]),
    ...(closesAt === undefined ? [] : [`closes ${closesAt}`]),
    ...(endsAt === undefined ? [] : [`announced to end ${endsAt}`]),
    ...(closedAt === undefined ? [] : [`closed ${closedAt}`]),
    ...(event === undefined ? [] : [`event ${event}`]),
    ...(fees === undefined ? [] : [`fees ${fees.model} ${fees.rate}`]),
    ...(tick === undefined ? [] : [`tick ${tick}`]),
  ];
  return parts.join(', ');
}
