import path from 'node:path';
import { badInput } from '../contracts/errors.ts';
import { file } from './file/file-source.ts';
import { kalshi } from './kalshi/kalshi.ts';
import { polymarket } from './polymarket/polymarket.ts';
import { predict } from './predict/predict.ts';
import type { AnyVenue, VenueUniverse } from './venue.ts';

const SHIPPED: readonly AnyVenue[] = [polymarket, predict, kalshi, file];

/** Venues of plugins, with the module that each comes from. A module that is loaded again replaces its venues. */
const added = new Map<string, { readonly module: string; readonly venue: AnyVenue }>();

/** A plugin's module by its file, however its path is written. */
const moduleOf = (module: string): string => (module.startsWith('.') ? path.resolve(module) : module);

/** The venues of this process: the shipped ones and those of loaded plugins. */
export const loadedVenues = (): readonly AnyVenue[] => [...SHIPPED, ...[...added.values()].map(({ venue }) => venue)];

/** The venues of a loaded plugin. */
export const venuesOf = (module: string): readonly AnyVenue[] =>
  [...added.values()].filter((each) => each.module === moduleOf(module)).map(({ venue }) => venue);

/** The loaded venue of a name. */
export const venueNamed = (name: string): AnyVenue | undefined => loadedVenues().find((venue) => venue.name === name);

/** How a venue lists its markets for universes; undefined where it cannot. */
export function universeOf(name: string): VenueUniverse | undefined {
  const venue = venueNamed(name);
  return venue !== undefined && 'hosts' in venue ? (venue.universe as VenueUniverse | undefined) : undefined;
}

/** Names of all sources that a run may use. */
export const sourceNames = (): readonly string[] => loadedVenues().map(({ name }) => name);

/** Names of the sources of runs that name none. */
export const defaultSources = (): readonly string[] => loadedVenues().flatMap(({ name, byDefault }) => (byDefault === false ? [] : [name]));

/** Adds the venues of a plugin. @throws PredictLabError BadInput for a name that is taken or is not a name */
export function addVenues(module: string, venues: readonly AnyVenue[]): void {
  for (const venue of venues) {
    const before = added.get(venue.name);
    if (SHIPPED.some(({ name }) => name === venue.name) || (before !== undefined && before.module !== moduleOf(module)))
      throw badInput(`PREDICTLAB_PLUGINS: ${module} has a venue named "${venue.name}", which is already loaded; rename it`);
    added.set(venue.name, { module: moduleOf(module), venue });
  }
}

/** Replaces each venue of a plugin by what `change` returns for it. */
export function replaceVenues(change: (venue: AnyVenue, module: string) => AnyVenue): void {
  for (const [name, { module, venue }] of added) added.set(name, { module, venue: change(venue, module) });
}
