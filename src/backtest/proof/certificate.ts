import type { LookAheadProof } from './look-ahead.ts';
import { canonicalJson, hashText, type Passport } from './passport.ts';

/** The look-ahead proof and the passport of a result, with their gaps. */
export interface Certificate {
  /** Null if the proof was not run. */
  readonly lookAhead: LookAheadProof | null;
  /** Whether the proof and the passport cover everything that the result depends on. */
  readonly provable: boolean;
  /** The reasons why the result is not provable, one sentence each. */
  readonly notProvable: readonly string[];
  readonly passport: Passport;
}

/** Combines the certificates of the backtests that make up one result. @param settings how the backtests were combined */
export function combinedCertificate(parts: readonly Certificate[], settings: object): Certificate {
  const notProvable = [...new Set(parts.flatMap((part) => part.notProvable))];
  return {
    lookAhead: combinedProof(parts.flatMap(({ lookAhead }) => lookAhead ?? [])),
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
  // a strategy that looks ahead does so in every backtest: it stays undetected only if every proof misses it
  const detected = 1 - proofs.reduce((missed, { power }) => missed * (1 - power.detected), 1);
  const percent = Math.floor(detected * 1000) / 10;
  const clean = `0 of ${of} decisions changed; ${tested} of ${of} decisions tested, a peek on 1 bar in ${peekEvery} would have been found with ${percent}%`;
  return {
    deterministic: worst.deterministic,
    tested,
    of,
    changed,
    power: { peekEvery, detected },
    firstBar: worst.firstBar,
    verdict: changed === 0 ? clean : worst.verdict,
  };
}

function combinedPassport(passports: readonly Passport[], how: object): Passport {
  const all = (of: (passport: Passport) => string): string[] => [...new Set(passports.map(of))];
  const data = hashText(all((one) => one.data).join('\n'));
  const code = all((one) => one.code).join(' ');
  const settings = canonicalJson({ ...how, each: passports.map((one) => JSON.parse(one.settings) as unknown) });
  const seed = passports[0]?.seed ?? 0;
  return { id: hashText(`${data}\n${code}\n${settings}\n${seed}`), data, code, settings, seed };
}
