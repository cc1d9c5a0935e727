import { describe, expect, it } from 'vitest';
import { CURVED_MODELS, EXPONENT_MODEL } from '../../src/contracts/fee-models.ts';
import { checkFields } from '../../src/contracts/known-fields.ts';
import { type OwnFacts, ownFactsProblems, ownFactsSchema } from '../../src/contracts/own-facts.ts';

const CLOSE = '2026-01-05T12:00Z';

describe('facts about a file that its owner states', () => {
  it.each<[OwnFacts, 'probability' | 'asset', (keyof OwnFacts)[]]>([
    [{ closesAt: CLOSE }, 'probability', []],
    [{ endsAt: CLOSE, closedAt: CLOSE }, 'probability', []],
    [{ closesAt: CLOSE, endsAt: CLOSE }, 'probability', ['closesAt']],
    [{ closesAt: CLOSE, closedAt: CLOSE }, 'asset', ['closesAt']],
    [{ fees: { model: 'polymarket', rate: 0.02, exponent: 2 } }, 'probability', []],
    [{ fees: { model: 'predict', rate: 0.02, exponent: 2 } }, 'probability', ['fees']],
    [{ fees: { model: 'predict', rate: 0.02 } }, 'probability', []],
    [{ tick: 0.49 }, 'probability', []],
    [{ tick: 0.5 }, 'probability', ['tick']],
    [{ tick: 5 }, 'asset', []],
    [{ resolution: 1 }, 'probability', []],
    [{ resolution: 1 }, 'asset', ['resolution']],
    [{ fees: { model: 'flat', rate: 0.02 } }, 'asset', []],
    [{ fees: { model: 'predict', rate: 0.02 } }, 'asset', ['fees']],
    [{}, 'asset', []],
  ])('are refused when they contradict each other: %j of a market of kind %s, in %j', (facts, kind, fields) => {
    expect(ownFactsProblems(facts, kind).map(({ field }) => field)).toEqual(fields);
  });

  it.each(['2026-01-05', '2026-01-05T12:00Z', '2026-01-05T12:00:00Z', '2026-01-05T12:00:00.5+02:00'])('may have time %s', (closesAt) => {
    expect(ownFactsSchema.safeParse({ closesAt }).success).toBe(true);
  });

  it('are refused with a time without a zone, or with an unknown field', () => {
    expect(ownFactsSchema.safeParse({ closesAt: '2026-01-05T12:00' }).error?.issues[0].message).toContain('write when the market closed');
    expect(
      ownFactsSchema
        .safeParse({ fees: { model: 'polymarket', rat: 1 } })
        .error?.issues.map(({ message }) => message)
        .join(),
    ).toContain('write fees as {"model": "polymarket", "rate": 0.02}');
  });

  it('are refused with an unknown field of fees, or with a wrong fee, and the error states the accepted form', () => {
    const messageOf = (fees: unknown) => ownFactsSchema.safeParse({ fees }).error?.issues[0].message;
    const advice = 'write fees as {"model": "polymarket", "rate": 0.02}';
    expect(messageOf({ model: 'flat', rate: 0.1, rat: 1, step: 2 })).toBe(`rat, step is not known here; ${advice}`);
    expect(messageOf(7)).toBe(advice);
  });

  it('may name fee models with a curve, of which one has an exponent', () => {
    expect([CURVED_MODELS, EXPONENT_MODEL]).toEqual([['polymarket', 'predict'], 'polymarket']);
  });
});

describe('the fields of an object that a program passes', () => {
  it('are refused when unknown, with the nearest known field, or with a hint when none is near', () => {
    expect(() => checkFields('market', { tick: 1 }, ['tick', 'fees'])).not.toThrow();
    expect(() => checkFields('market', { tik: 1 }, ['tick', 'fees'], '; see docs')).toThrow(
      "market has no field 'tik'; it takes tick, fees; did you mean tick?",
    );
    expect(() => checkFields('market', { wholly: 1 }, ['tick', 'fees'], '; see docs')).toThrow('it takes tick, fees; see docs');
    for (const given of [null, 7, 'text', [], undefined])
      expect(() => checkFields('market', given, ['tick'])).toThrow('write an object { tick }');
  });
});
