import type { LookAheadProof } from './look-ahead.ts';
import { canonicalJson, hashText, type Passport } from './passport.ts';

/** What stands beside every result: the proof, the passport, and what they do not cover. */
export interface Certificate {
  /** null where the proof was left out. */
  readonly lookAhead: LookAheadProof | null;
  readonly provable: boolean;
  /** Why not, one sentence each. */
  readonly notProvable: readonly string[];
  readonly passport: Passport;
}

/** One certificate for a result that several backtests make up. @param settings how they were put together */
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
  // one that looks ahead does so everywhere: it escapes only where it escapes in each
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
