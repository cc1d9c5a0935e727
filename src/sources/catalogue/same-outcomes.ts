import type { Instrument } from '../../contracts/market-data.ts';
import { reversedSettlement } from '../../market/settlement.ts';

export type Aligned = { readonly instrument: Instrument; readonly problem?: string } | { readonly refused: string };

/**
 * Keeps the meaning of a market's prices: the outcome that was first when the market was first seen stays first, by its id at the venue.
 * Restores the order of the outcomes. Keeps their stored names where only names are exchanged. Refuses a market with other ids.
 * @param earlier the same market as earlier runs stored it
 */
export function withSameOutcomes(found: Instrument, earlier: Instrument | undefined): Aligned {
  if (earlier === undefined || earlier.outcomeIds.length !== 2 || found.outcomeIds.length !== 2) return { instrument: found };
  const [first, second] = earlier.outcomeIds;
  const isSame = found.outcomeIds[0] === first && found.outcomeIds[1] === second;
  const isReversed = found.outcomeIds[0] === second && found.outcomeIds[1] === first;
  if (!isSame && !isReversed)
    return {
      refused: `${found.id}: ${found.source} names other outcomes than before (${found.outcomeIds.map(short).join(', ')} for ${earlier.outcomeIds.map(short).join(', ')}); nothing of it is collected until it names the same again, or \`predictlab symbols accept ${found.id}\` takes the new ones over`,
    };
  const now = isSame ? found : reversed(found);
  const [was, other] = earlier.outcomes;
  if (was === other || now.outcomes[0] !== other || now.outcomes[1] !== was) return { instrument: now };
  return {
    // The stored result is kept, since a new one could belong to either of the two outcomes.
    instrument: withEnding({ ...now, outcomes: earlier.outcomes }, earlier),
    problem: `${found.id}: ${found.source} names its outcomes the other way round than before (${now.outcomes.join(', ')}); the first names are kept, and no new result is accepted until it restores them`,
  };
}

function withEnding({ settlement: _, ...instrument }: Instrument, { resolution, settlement }: Instrument): Instrument {
  return { ...instrument, resolution, ...(settlement !== undefined && { settlement }) };
}

function reversed(instrument: Instrument): Instrument {
  const { outcomes, outcomeIds, resolution, settlement } = instrument;
  return {
    ...instrument,
    outcomes: [...outcomes].reverse(),
    outcomeIds: [...outcomeIds].reverse(),
    resolution: resolution.kind === 'settled' ? { ...resolution, payout: 1 - resolution.payout } : resolution,
    ...(settlement !== undefined && { settlement: reversedSettlement(settlement) }),
  };
}

/** A shortened id for messages: token ids have 77 digits. */
const short = (id: string): string => (id.length > 12 ? `${id.slice(0, 6)}…${id.slice(-4)}` : id);
