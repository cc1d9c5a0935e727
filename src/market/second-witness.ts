/** How far the clock of a venue's totals and the stamps of its trades may be apart, in milliseconds. */
export const STATED_SLACK_MS = 60_000;
/** What the totals may be off by: rounding, and trades too small to be listed. */
const ABSOLUTE = 0.05;
const RELATIVE = 1e-5;

/** What a venue states to have been traded between two looks, and what is held of that time. */
export interface StatedComparison {
  /** Stated volume and number of trades between the looks; null where the venue does not say. */
  readonly volume: number | null;
  readonly trades: number | null;
  /** Held between the looks, with the slack at both ends. */
  readonly mostVolume: number;
  readonly mostTrades: number;
  /** Held between the looks, without the slack at both ends. */
  readonly leastVolume: number;
  readonly leastTrades: number;
}

export interface StatedVerdict {
  readonly verdict: 'agrees' | 'lacks' | 'exceeds' | 'unknown';
  /** Both numbers, for a sentence. */
  readonly said: string;
}

/**
 * Compares stated with held totals. The stated one must lie between what is held without and with the slack at both ends: trades of
 * the seconds around a look may or may not be in it. A number of trades is compared exactly, a volume but for rounding.
 */
export function judgeStated(compared: StatedComparison): StatedVerdict {
  const { trades, volume, mostTrades, leastTrades, mostVolume, leastVolume } = compared;
  if (trades !== null && trades >= 0) {
    const said = `${trades} trades where ${mostTrades === leastTrades ? mostTrades : `${leastTrades} to ${mostTrades}`} are held`;
    if (trades > mostTrades) return { verdict: 'lacks', said };
    if (trades < leastTrades) return { verdict: 'exceeds', said };
  }
  if (volume !== null && volume >= 0) {
    const margin = ABSOLUTE + RELATIVE * Math.max(volume, mostVolume);
    const said = `a volume of ${volume.toFixed(2)} where trades of ${mostVolume.toFixed(2)} are held`;
    if (volume > mostVolume + margin) return { verdict: 'lacks', said };
    if (volume < leastVolume - margin) return { verdict: 'exceeds', said };
    return { verdict: 'agrees', said };
  }
  return trades !== null && trades >= 0 ? { verdict: 'agrees', said: '' } : { verdict: 'unknown', said: '' };
}
