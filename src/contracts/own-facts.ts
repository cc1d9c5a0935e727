import { z } from 'zod';
import { EXPONENT_MODEL, FEE_MODELS } from './fee-models.ts';
import type { MarketKind } from './words.ts';

const time = (what: string) =>
  z.union(
    [z.iso.datetime({ offset: true }), z.iso.datetime({ offset: true, precision: -1 }), z.iso.date()],
    `write ${what}, such as "2022-11-09T04:00:00Z"`,
  );
const TICK = 'the tick is the smallest price step, a number above 0, such as 0.01';
const RATE = 'write a fraction from 0 to below 1, such as 0.02';
const EXPONENT = 'write the exponent of the fee, a number above 0 and up to 10, such as 2';

const feesSchema = z.strictObject(
  {
    model: z.enum(FEE_MODELS, `write one of ${FEE_MODELS.join(', ')}`),
    /** The rate of the venue's fee schedule; for the model `flat` it is a fraction of price times size. */
    rate: z.number(RATE).min(0, RATE).lt(1, RATE),
    /** @default 1 */
    exponent: z.number(EXPONENT).positive(EXPONENT).max(10, EXPONENT).exactOptional(),
  },
  {
    error: (issue) =>
      `${issue.code === 'unrecognized_keys' ? `${issue.keys?.join(', ')} is not known here; ` : ''}write fees as {"model": "${EXPONENT_MODEL}", "rate": 0.02}`,
  },
);

/** Facts of a market that the owner of a tick file states, as fields of a catalogue's `file` entry. */
export const ownFactsShape = {
  resolution: z
    .number('write what one unit of the first outcome paid, a number from 0 to 1')
    .min(0, 'a unit of the first outcome pays from 0 to 1')
    .max(1, 'a unit of the first outcome pays from 0 to 1')
    .optional(),
  /** Sets both `endsAt` and `closedAt`, for a market of which only one end is known. */
  closesAt: time('when the market closed').optional(),
  /** The announced end of trading; strategies may read it in advance. */
  endsAt: time('the end that was announced').optional(),
  /** When trading really ended and the result became known. */
  closedAt: time('when the market closed').optional(),
  /** Name of the event; markets of one event resolve together and count as one independent draw. */
  event: z.string('write a name, such as "senate-2022"').min(1, 'write a name, such as "senate-2022"').optional(),
  fees: feesSchema.optional(),
  tick: z.number(TICK).positive(TICK).optional(),
};

/** Schema of all facts in one object; unknown fields are refused. */
export const ownFactsSchema = z.strictObject(ownFactsShape);
export type OwnFacts = z.infer<typeof ownFactsSchema>;
/** Names of the facts. */
export const OWN_FACTS = Object.keys(ownFactsShape) as readonly (keyof OwnFacts)[];

/** Problems of facts that contradict each other or the kind of market, one sentence per field. */
export function ownFactsProblems(facts: OwnFacts, market: MarketKind): { field: keyof OwnFacts; message: string }[] {
  const problems: { field: keyof OwnFacts; message: string }[] = [];
  const { resolution, fees, tick, closesAt, endsAt, closedAt } = facts;
  if (closesAt !== undefined && (endsAt !== undefined || closedAt !== undefined))
    problems.push({ field: 'closesAt', message: 'closesAt stands for both ends; leave it out beside endsAt and closedAt' });
  if (fees?.exponent !== undefined && fees.model !== EXPONENT_MODEL)
    problems.push({ field: 'fees', message: `only the model ${EXPONENT_MODEL} has an exponent; leave it out of ${fees.model}` });
  if (market === 'probability') {
    if (tick !== undefined && tick >= 0.5)
      problems.push({
        field: 'tick',
        message: `no price lies between a tick of ${tick} and its counterpart; write one below 0.5, such as 0.01`,
      });
    return problems;
  }
  if (resolution !== undefined)
    problems.push({ field: 'resolution', message: 'an asset is closed at its last price and pays nothing; leave the payout out' });
  if (fees !== undefined && fees.model !== 'flat')
    problems.push({ field: 'fees', message: `an asset's fee is a fraction of the notional, the model flat` });
  return problems;
}
