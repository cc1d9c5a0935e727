import type { Instrument, TimeRange } from '../../contracts/market-data.ts';
import { DAY_MS } from '../../contracts/words.ts';
import { isFinal } from './market-life.ts';

const UNIT_MS = { m: 60_000, h: 3_600_000, d: DAY_MS } as const;
const HOUR = UNIT_MS.h;
const WORDS: Readonly<Record<string, string>> = { hourly: '1h', daily: '1d' };

/** Short and long names of the coins whose hourly and daily markets have the date in words in their slugs. */
const COINS: readonly (readonly [short: string, long: string])[] = [
  ['btc', 'bitcoin'],
  ['eth', 'ethereum'],
  ['sol', 'solana'],
  ['xrp', 'xrp'],
  ['doge', 'dogecoin'],
  ['bnb', 'bnb'],
];

export interface SeriesMember {
  /** The market's possible slugs at the venue, of which one exists. */
  readonly slugs: readonly string[];
  /** UTC epoch milliseconds; the end is exclusive. */
  readonly start: number;
  readonly end: number;
}

interface Series {
  /** Milliseconds between the starts of consecutive markets. */
  readonly step: number;
  /** Prefix of slugs of the form `<prefix>-<startUnix>`. */
  readonly prefix: string;
  /** Coin in the slugs of hourly and daily up/down markets, which use New York time: `<coin>-up-or-down-september-5-2026-5am-et`. */
  readonly coin?: string;
}

/**
 * Reads a series from its slug, which ends in the step between its markets: `btc-updown-5m`, or as Polymarket writes it,
 * `btc-up-or-down-15m` or `solana-up-or-down-daily`.
 */
function seriesOf(seriesSlug: string): Series | undefined {
  const [, name, word] = /^(.+)-(\d{1,3}[mhd]|hourly|daily)$/.exec(seriesSlug) ?? [];
  if (name === undefined || word === undefined) return undefined;
  const text = WORDS[word] ?? word;
  const step = Number(text.slice(0, -1)) * UNIT_MS[text.slice(-1) as keyof typeof UNIT_MS];
  if (step === 0) return undefined;
  const [, given] = /^(.+)-(?:updown|up-or-down)$/.exec(name) ?? [];
  if (given === undefined) return { step, prefix: `${name}-${text}` };
  const [short, long] = COINS.find((coin) => coin.includes(given)) ?? [given, given];
  return { step, prefix: `${short}-updown-${text}`, ...((step === HOUR || step === DAY_MS) && { coin: long }) };
}

/**
 * Every possible market of a series that is open at some moment of `[window.from, window.to]`, oldest first. Markets of up to an hour start
 * on the UTC grid of their step. Longer ones follow New York time, whose offset changes in summer, so each full hour is a possible start.
 */
export function seriesMembers(seriesSlug: string, window: TimeRange): readonly SeriesMember[] | undefined {
  const series = seriesOf(seriesSlug);
  if (series === undefined) return undefined;
  const { step, prefix, coin } = series;
  const grid = step > HOUR ? HOUR : step;
  const members: SeriesMember[] = [];
  const first = Math.floor((window.from - step) / grid) * grid + grid;
  for (let start = first; start <= window.to; start += grid) {
    const named = coin === undefined ? [] : namesInWords(coin, step, start);
    members.push({ slugs: [...named, `${prefix}-${start / 1000}`], start, end: start + step });
  }
  return members;
}

const NEW_YORK = new Intl.DateTimeFormat('en-US', {
  timeZone: 'America/New_York',
  year: 'numeric',
  month: 'long',
  day: 'numeric',
  hour: 'numeric',
  hour12: true,
});

/** Slugs of an hourly or daily market, with and without the year. A daily market runs from noon to noon and is named by its end. */
function namesInWords(coin: string, step: number, start: number): string[] {
  const parts = (time: number): Record<string, string> =>
    Object.fromEntries(NEW_YORK.formatToParts(time).map(({ type, value }) => [type, value.toLowerCase()]));
  if (step === HOUR) {
    const { month, day, year, hour, dayPeriod } = parts(start);
    return [`${month}-${day}-${year}`, `${month}-${day}`].map((date) => `${coin}-up-or-down-${date}-${hour}${dayPeriod}-et`);
  }
  const { month, day, year, hour, dayPeriod } = parts(start + step);
  if (hour !== '12' || dayPeriod !== 'pm') return [];
  return [`${month}-${day}-${year}`, `${month}-${day}`].map((date) => `${coin}-up-or-down-on-${date}`);
}

/** Whether a market of this slug belongs to a series. */
export function isMember(seriesSlug: string, slug: string): boolean {
  const series = seriesOf(seriesSlug);
  if (series === undefined) return false;
  const { prefix, coin, step } = series;
  if (slug.startsWith(`${prefix}-`) && /^\d{9,10}$/.test(slug.slice(prefix.length + 1))) return true;
  const words = step === HOUR ? /^[a-z]+-\d{1,2}(-\d{4})?-\d{1,2}[ap]m-et$/ : /^on-[a-z]+-\d{1,2}(-\d{4})?$/;
  return coin !== undefined && slug.startsWith(`${coin}-up-or-down-`) && words.test(slug.slice(`${coin}-up-or-down-`.length));
}

/**
 * Slugs of a series' markets that had not settled when earlier runs found them. They are looked up even outside the window: after a long
 * pause no run would find their end and result otherwise.
 */
export const unfinishedMembers = (seriesSlug: string, known: readonly Instrument[]): readonly string[] =>
  known.filter((instrument) => isMember(seriesSlug, instrument.reference) && !isFinal(instrument)).map(({ reference }) => reference);

/** The series of a market's slug, which is the part before its start (`btc-updown-5m-1787414400`); undefined without a series. */
export const seriesOfSlug = (slug: string): string | undefined => /^(.+-\d{1,3}[mhd])-\d{9,10}$/.exec(slug)?.[1];

/** The end of a "series not found" message, with the names of existing series; empty if none is known. */
export function proposed(series: Iterable<string>): string {
  const names = [...new Set(series)].sort().slice(0, 8);
  return names.length === 0 ? '' : `; series there: ${names.join(', ')}`;
}

/** The message for a series whose slug does not end in its step. */
export const noStep = (symbol: string, seriesSlug: string): string =>
  `${symbol}: seriesSlug "${seriesSlug}" does not end in its step (such as -5m, -15m, -hourly, -daily), so its markets cannot be named; use the series' own slug`;
