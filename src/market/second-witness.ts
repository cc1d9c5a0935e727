import type { TimeRange } from '../contracts/market-data.ts';

/** Largest difference between the clock of a venue's totals and the times of its trades, in milliseconds. */
export const STATED_SLACK_MS = 60_000;
/** Absolute and relative tolerance of a stated volume, for rounding and for trades that are too small to be listed. */
const ABSOLUTE = 0.05;
const RELATIVE = 1e-5;

/** Totals that a venue states for the time between two looks at it, and the totals of the stored trades of that time. */
export interface StatedComparison {
  /** Stated volume and number of trades between the looks; null where the venue does not state it. */
  readonly volume: number | null;
  readonly trades: number | null;
  /** Totals of stored trades between the looks, including the slack at both ends. */
  readonly mostVolume: number;
  readonly mostTrades: number;
  /** Totals of stored trades between the looks, without the slack at both ends. */
  readonly leastVolume: number;
  readonly leastTrades: number;
}

/** A volume that a venue states for a time `[from, to)`, independently of its list of trades. */
export interface TimedVolume extends TimeRange {
  readonly volume: number;
}

export interface StatedVerdict {
  readonly verdict: 'agrees' | 'lacks' | 'exceeds' | 'unknown';
  /** The stated and the stored total as a phrase for a message. */
  readonly said: string;
}

/**
 * Compares a venue's stated totals with the stored trades. A total may or may not include the trades just before and after a look, so it
 * must lie between the stored totals without and with those trades: exactly for numbers of trades, within a tolerance for volumes.
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
