import { carriedGap, type LookAheadProof } from './look-ahead.ts';
import { canonicalJson, hashText, type Passport } from './passport.ts';

/** The look-ahead proof and the passport of a result, with the reasons why they may be incomplete. */
export interface Certificate {
  /** The look-ahead proof; null if it was not run. */
  readonly lookAhead: LookAheadProof | null;
  /** Whether the proof and the passport cover everything that the result depends on. */
  readonly provable: boolean;
  /** The reasons why the result is not provable, one sentence each. */
  readonly notProvable: readonly string[];
  readonly passport: Passport;
}

/** The caveat that remains for a provable result of a user's strategy; undefined for shipped strategies and unprovable results. */
export const beyondProof = ({ lookAhead, provable }: Pick<Certificate, 'lookAhead' | 'provable'>): string | undefined =>
  provable && lookAhead?.carried !== undefined
    ? 'no proof can see what the author of the strategy knew of these prices when writing it, nor every signal from series to series through state of the process'
    : undefined;

/**
 * Combines the certificates of the backtests that make up one result.
 * @param strategy name of the strategy in messages
 * @param settings how the backtests were combined
 */
export function combinedCertificate(strategy: string, parts: readonly Certificate[], settings: object): Certificate {
  const lookAhead = combinedProof(parts.flatMap((part) => part.lookAhead ?? []));
  const notProvable = [...new Set(parts.flatMap((part) => part.notProvable))];
  // repeated decision changes that are too few in each market may be enough in all markets together
  const isNamed = parts.some((part) => part.lookAhead !== null && carriedGap(strategy, part.lookAhead) !== undefined);
  const answers = lookAhead === null || isNamed ? undefined : carriedGap(strategy, lookAhead);
  if (answers !== undefined) notProvable.push(answers);
  return {
    lookAhead,
    provable: notProvable.length === 0,
    notProvable,
    passport: combinedPassport(
      parts.map(({ passport }) => passport),
      settings,
    ),
  };
}

function combinedProof(proofs: readonly LookAheadProof[]): LookAheadProof | null {
  if (proofs.length === 0) return null;
  const sum = (of: (proof: LookAheadProof) => number): number => proofs.reduce((total, proof) => total + of(proof), 0);
  const [worst] = proofs.toSorted((a, b) => Number(a.deterministic) - Number(b.deterministic) || b.changed - a.changed);
  const [of, tested, changed] = [sum((one) => one.of), sum((one) => one.tested), sum((one) => one.changed)];
  const { peekEvery } = worst.power;
  // a strategy that looks ahead does so in every backtest, so it stays undetected only if every proof misses it
  const detected = 1 - proofs.reduce((missed, { power }) => missed * (1 - power.detected), 1);
  const percent = Math.floor(detected * 1000) / 10;
  const clean = `0 of ${of} decisions changed; ${tested} of ${of} decisions tested, a peek on 1 bar in ${peekEvery} would have been found with ${percent}%`;
  return {
    deterministic: worst.deterministic,
    tested,
    of,
    changed,
    ...carriedTogether(proofs),
    power: { peekEvery, detected },
    firstBar: worst.firstBar,
    verdict: changed === 0 ? clean : worst.verdict,
  };
}

/** Adds up the repeated decision changes without each backtest's first one, since a rule that enters only once always repeats that. */
function carriedTogether(proofs: readonly LookAheadProof[]): Pick<LookAheadProof, 'carried'> {
  const all = proofs.flatMap(({ carried }) => carried ?? []);
  if (all.length === 0) return {};
  const later = (count: number): number => Math.max(0, count - 1);
  return {
    carried: {
      changes: all.reduce((sum, { changes }) => sum + later(changes), 0),
      of: all.reduce((sum, { of }) => sum + later(of), 0),
    },
  };
}

function combinedPassport(passports: readonly Passport[], how: object): Passport {
  // one line for each part, even for equal ones: a portfolio that holds the same market twice is another portfolio
  const data = hashText(passports.map((one) => one.data).join('\n'));
  const code = [...new Set(passports.map((one) => one.code))].join(' ');
  const settings = canonicalJson({ ...how, each: passports.map((one) => JSON.parse(one.settings) as unknown) });
  const seed = passports[0]?.seed ?? 0;
  return { id: hashText(`${data}\n${code}\n${settings}\n${seed}`), data, code, settings, seed };
}
