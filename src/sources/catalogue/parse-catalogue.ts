import { z } from 'zod';
import { type CatalogueEntry, catalogueEntrySchema, universeEntrySchema } from '../../contracts/catalogue.ts';
import { badInput, type Problem } from '../../contracts/errors.ts';
import { OWN_FACTS } from '../../contracts/own-facts.ts';
import { issueWords, type SchemaIssue } from '../../contracts/text/issue-words.ts';
import { loadedVenues, sourceNames, universeOf, venueNamed } from '../venues.ts';
import { isObject } from './schema-drift.ts';

/** Schema of a symbol's entry, with selectors of the loaded venues. */
const entrySchema = () =>
  catalogueEntrySchema.extend({
    sources: z.strictObject(Object.fromEntries(loadedVenues().map(({ name, selector }) => [name, z.array(selector).optional()]))),
  });

/** Schema of a universe's entry, with rules of those loaded venues that can list their markets. */
const universeSchema = () => {
  const rules = loadedVenues().flatMap((venue) => {
    const universe = universeOf(venue.name);
    return universe === undefined ? [] : [[venue.name, z.array(universe.rule).min(1, 'write at least one rule').optional()] as const];
  });
  const sources = z.strictObject(Object.fromEntries(rules));
  return universeEntrySchema.extend({ sources: sources.refine((given) => Object.keys(given).length > 0, 'name at least one venue') });
};

/**
 * Reads a symbol catalogue, an array of entries. The error lists all problems at once.
 * @param origin name of the catalogue in messages, such as the file's name
 * @throws PredictLabError BadInput
 */
export function parseCatalogue(json: unknown, origin: string): CatalogueEntry[] {
  if (!Array.isArray(json)) {
    throw badInput(
      `${origin}: a catalogue is a list of symbols ([{"symbol": …, "sources": {…}}]), this is ${json === null ? 'null' : typeof json}`,
    );
  }
  const [symbols, universes] = [entrySchema(), universeSchema()];
  const entries: CatalogueEntry[] = [];
  const problems: Problem[] = [];
  const seenAt = new Map<string, number>();
  for (const [index, item] of (json as unknown[]).entries()) {
    const isUniverse = isObject(item) && 'universe' in item;
    const given = isObject(item) ? (isUniverse ? item.universe : item.symbol) : undefined;
    const name = typeof given === 'string' ? ` (${given})` : '';
    const parsed = isUniverse ? universes.safeParse(item) : symbols.safeParse(item);
    if (parsed.success) {
      const entry = storedEntry(parsed.data as CatalogueEntry | UniverseEntry);
      const earlier = seenAt.get(entry.symbol);
      if (earlier !== undefined)
        problems.push({ where: `[${index}]${name}`, message: `the symbol is already at [${earlier}]; merge the two` });
      seenAt.set(entry.symbol, index);
      entries.push(entry);
      continue;
    }
    for (const issue of parsed.error.issues) {
      const path = isInSelector(issue.path) ? issue.path.slice(0, SELECTOR_DEPTH) : issue.path;
      const where = `[${index}]${name}${path.length > 0 ? `.${path.map(String).join('.')}` : ''}`;
      // One message per selector: it lists all valid forms, which answers all its problems.
      if (!problems.some((problem) => problem.where === where && path !== issue.path))
        problems.push({ where, message: explain(path, wordsOf(issue, item), item) });
    }
  }
  if (problems.length === 0) return entries;
  const lines = problems.map(({ where, message }) => `- ${where}: ${message}`);
  throw badInput(
    [`${origin} has ${problems.length === 1 ? '1 problem' : `${problems.length} problems`}; nothing was imported:`, ...lines].join('\n'),
  );
}

type UniverseEntry = z.infer<typeof universeEntrySchema>;

const storedEntry = (entry: CatalogueEntry | UniverseEntry): CatalogueEntry => {
  if ('symbol' in entry) return entry;
  const { universe, ...fields } = entry;
  return { symbol: universe, ...fields, kind: 'universe' };
};

/** Length of the path to a selector: `sources.polymarket.0`. */
const SELECTOR_DEPTH = 3;
/** Whether a path leads to a selector or into it, except to a fact about a file, which has its own message. */
const isInSelector = (path: readonly PropertyKey[]): boolean => path[0] === 'sources' && path.length >= SELECTOR_DEPTH && !isOwnFact(path);
/** Whether a path leads to a fact that the owner of a file states. */
const isOwnFact = ([, source, , field]: readonly PropertyKey[]): boolean => source === 'file' && OWN_FACTS.some((fact) => fact === field);

/** The allowed fields of an entry, by path: the empty path means the entry itself. */
const fieldsOf = (item: unknown): Readonly<Record<string, readonly string[]>> =>
  isObject(item) && 'universe' in item
    ? { '': Object.keys(universeEntrySchema.shape), sources: sourceNames().filter((name) => universeOf(name) !== undefined) }
    : { '': Object.keys(catalogueEntrySchema.shape), sources: sourceNames() };

function wordsOf(issue: SchemaIssue, item: unknown): string {
  const fields = issue.code === 'unrecognized_keys' ? fieldsOf(item)[issue.path.map(String).join('.')] : undefined;
  return fields === undefined ? issueWords(issue) : `${issueWords(issue)}; it has ${fields.join(', ')}`;
}

/** The message for an invalid field. For a selector of an unknown form it lists the valid forms, which zod's message does not. */
function explain(path: readonly PropertyKey[], message: string, item: unknown): string {
  const [first, source, place] = path;
  const isUniverse = isObject(item) && 'universe' in item;
  const forms =
    typeof source !== 'string' || isOwnFact(path) ? undefined : isUniverse ? universeOf(source)?.forms : venueNamed(source)?.forms;
  if (first !== 'sources' || forms === undefined || typeof place !== 'number') return message;
  const selectors = isObject(item) && isObject(item.sources) ? item.sources[source as string] : undefined;
  const given = JSON.stringify(Array.isArray(selectors) ? (selectors as unknown[])[place] : undefined);
  return `${given} is not a ${isUniverse ? 'rule for the markets' : 'selector'} of ${String(source)}; write ${forms}`;
}
