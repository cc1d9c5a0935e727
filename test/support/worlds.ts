/** Tiers of tests: `npm test` (quick), `npm run test:all` (full) and `npm run test:night` (night). Vitest run by hand is quick. */
export type Tier = 'quick' | 'full' | 'night';

const TIERS: readonly Tier[] = ['quick', 'full', 'night'];

/** How many times as many generated cases a night runs as `npm run test:all`. */
const NIGHT_TIMES = 20;

/** The tier of this test run, from `PREDICTLAB_TIER`. */
export const TIER = tierOf(process.env.PREDICTLAB_TIER);

/**
 * Number of generated cases a property test runs in this tier: a tenth of `full` in `npm test`, `full` in `npm run test:all` and
 * twenty times as many in `npm run test:night`. `PREDICTLAB_WORLDS=<n>` sets the number of every property, for one file run by hand.
 *
 * @example fc.assert(fc.property(fc.double(), check), { numRuns: worlds(300) });
 * @param only numbers for tiers in which the usual share is too few or too slow
 */
export function worlds(full: number, only: Partial<Record<Tier, number>> = {}): number {
  return worldsOf({ tier: TIER, wanted: process.env.PREDICTLAB_WORLDS, full, only });
}

/** Timeout of a property test in milliseconds: the given one, and twenty times it at night, when twenty times as many cases run. */
export function patience(fullMs: number, tier: Tier = TIER): number {
  return tier === 'night' ? fullMs * NIGHT_TIMES : fullMs;
}

/** Rows of a table of cases that this tier tries: an even selection of `quick` rows in `npm test`, all of them in the other tiers. */
export function casesOf<T>(rows: readonly T[], quick = Math.ceil(rows.length / 4)): readonly T[] {
  if (TIER !== 'quick') return rows;
  const step = Math.max(1, Math.floor(rows.length / quick));
  return rows.filter((_, index) => index % step === 0);
}

/** @internal `worlds` without the environment */
export function worldsOf({
  tier,
  wanted,
  full,
  only = {},
}: {
  tier: Tier;
  wanted?: string | undefined;
  full: number;
  only?: Partial<Record<Tier, number>>;
}): number {
  if (wanted !== undefined) return positive(wanted);
  const usual = { quick: Math.max(Math.min(full, 5), Math.ceil(full / 10)), full, night: full * NIGHT_TIMES };
  return only[tier] ?? usual[tier];
}

/** @internal The tier that `PREDICTLAB_TIER` names. */
export function tierOf(said: string | undefined): Tier {
  if (said === undefined || said === '') return 'quick';
  const tier = TIERS.find((name) => name === said);
  if (tier === undefined) throw new Error(`PREDICTLAB_TIER=${said} is not a tier of tests; one of ${TIERS.join(', ')}`);
  return tier;
}

function positive(said: string): number {
  const number = Number(said);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new Error(`PREDICTLAB_WORLDS=${said} is not a number of cases; a whole number from 1`);
  return number;
}
