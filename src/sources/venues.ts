import path from 'node:path';
import { badInput } from '../contracts/errors.ts';
import { file } from './file/file-source.ts';
import { kalshi } from './kalshi/kalshi.ts';
import { polymarket } from './polymarket/polymarket.ts';
import { predict } from './predict/predict.ts';
import type { AnyVenue, VenueUniverse } from './venue.ts';

const SHIPPED: readonly AnyVenue[] = [polymarket, predict, kalshi, file];

/** Venues of plugins, by name, each with the module that added it. A module that is loaded again replaces its venues. */
let added = new Map<string, { readonly module: string; readonly venue: AnyVenue }>();

/** The absolute path of a plugin's module, however its path is written. */
const moduleOf = (module: string): string => (module.startsWith('.') ? path.resolve(module) : module);

/** The venues of this process: the shipped ones and those of loaded plugins. */
export const loadedVenues = (): readonly AnyVenue[] => [...SHIPPED, ...[...added.values()].map(({ venue }) => venue)];

/** The venues of a loaded plugin. */
export const venuesOf = (module: string): readonly AnyVenue[] =>
  [...added.values()].filter((each) => each.module === moduleOf(module)).map(({ venue }) => venue);

/** The loaded venue with this name. */
export const venueNamed = (name: string): AnyVenue | undefined => loadedVenues().find((venue) => venue.name === name);

/** The listing of a venue's markets for universes; undefined where the venue cannot list them. */
export function universeOf(name: string): VenueUniverse | undefined {
  const venue = venueNamed(name);
  return venue !== undefined && 'hosts' in venue ? (venue.universe as VenueUniverse | undefined) : undefined;
}

/** Names of all sources that a run may use. */
export const sourceNames = (): readonly string[] => loadedVenues().map(({ name }) => name);

/** Names of the sources that a run uses if it names none. */
export const defaultSources = (): readonly string[] => loadedVenues().flatMap(({ name, byDefault }) => (byDefault === false ? [] : [name]));

/** Sets the venues of plugins: exactly those of these modules. @throws PredictLabError BadInput for a name that is taken */
export function setPluginVenues(modules: ReadonlyMap<string, readonly AnyVenue[]>): void {
  const next: typeof added = new Map();
  for (const [module, venues] of modules) {
    for (const venue of venues) {
      if (SHIPPED.some(({ name }) => name === venue.name) || next.has(venue.name))
        throw badInput(`PREDICTLAB_PLUGINS: ${module} has a venue named "${venue.name}", which is already loaded; rename it`);
      next.set(venue.name, { module: moduleOf(module), venue });
    }
  }
  added = next;
}

/** Replaces each venue of a plugin by what `change` returns for it. */
export function replaceVenues(change: (venue: AnyVenue, module: string) => AnyVenue): void {
  for (const [name, { module, venue }] of added) added.set(name, { module, venue: change(venue, module) });
}
