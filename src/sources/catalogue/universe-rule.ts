import { z } from 'zod';
import type { Instrument } from '../../contracts/market-data.ts';
import type { FoundInstruments, ListedMarkets } from '../venue.ts';

const VOLUME = 'write a number, such as 10000';

/** Fields that every venue's rule for a universe can have. By default, it chooses open markets of any volume. */
export const ruleFields = {
  active: z.boolean('write true for open markets alone, false for closed ones too').optional(),
  minVolume: z.number(VOLUME).min(0, VOLUME).optional(),
};

/** Schema of a list of words; a market matches that has at least one of them. */
export const oneOf = (name: string) => z.array(z.string().min(1)).min(1, `name at least one, or leave ${name} out`).optional();

/** The markets of a listing that a rule chooses, and those that are members already. @param isOther the venue's own conditions */
export function chosenBy(
  { active = true, minVolume = 0 }: { readonly active?: boolean | undefined; readonly minVolume?: number | undefined },
  { instruments, problems }: FoundInstruments,
  known: ReadonlySet<string>,
  isOther: (market: Instrument) => boolean = () => true,
): ListedMarkets {
  const chosen = instruments.filter((each) => !(active && each.closed) && (each.stated?.volume ?? 0) >= minVolume && isOther(each));
  const matching = new Set(chosen.map(({ id }) => id));
  return { instruments: instruments.filter(({ id }) => matching.has(id) || known.has(id)), problems, matching };
}

/** An instrument with the category of its event, where the venue states one. */
export const withCategory = (instrument: Instrument, category: string | undefined): Instrument =>
  category === undefined ? instrument : { ...instrument, category };
