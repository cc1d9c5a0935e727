import { PredictLabError } from '../contracts/errors.ts';

/** Addresses of the venues and options of their sources, read from the environment once. */
export interface SourceSettings {
  readonly polymarket: {
    readonly gammaUrl: string;
    readonly clobUrl: string;
    readonly dataUrl: string;
    readonly tradesRoute: 'v2' | 'v1';
    /** Whether price points are collected in addition to trades. */
    readonly pricePoints: boolean;
  };
  readonly predict: {
    readonly url: string;
    /** The key for Predict.fun; without one the source is skipped with a reason. */
    readonly apiKey: string | undefined;
  };
  /** Share of the venues' published limits that this installation may use. */
  readonly rateShare: number;
}

const DEFAULT_URLS = {
  POLYMARKET_GAMMA_URL: 'https://gamma-api.polymarket.com',
  POLYMARKET_CLOB_URL: 'https://clob.polymarket.com',
  POLYMARKET_DATA_URL: 'https://data-api.polymarket.com',
  PREDICT_API_URL: 'https://api.predict.fun',
} as const;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings of the sources: the URLs and keys of the venues, and three variables for special cases. These are
 * `POLYMARKET_TRADES_ROUTE` (`v2`, or `v1` for the route that is being retired), `POLYMARKET_PRICE_POINTS` (`on`, or `off` for trades
 * only) and `PREDICTLAB_RATE_SHARE` (1 for the published limits; less leaves room for the user's other programs, more is for a private
 * venue).
 *
 * @throws PredictLabError BadInput that names the variable
 */
export function readSourceSettings(env: Environment): SourceSettings {
  const apiKey = env.PREDICT_API_KEY?.trim();
  return {
    polymarket: {
      gammaUrl: urlOf(env, 'POLYMARKET_GAMMA_URL'),
      clobUrl: urlOf(env, 'POLYMARKET_CLOB_URL'),
      dataUrl: urlOf(env, 'POLYMARKET_DATA_URL'),
      tradesRoute: choiceOf(env, 'POLYMARKET_TRADES_ROUTE', ['v2', 'v1']),
      pricePoints: choiceOf(env, 'POLYMARKET_PRICE_POINTS', ['on', 'off']) === 'on',
    },
    predict: { url: urlOf(env, 'PREDICT_API_URL'), apiKey: apiKey === '' ? undefined : apiKey },
    rateShare: rateShareOf(env.PREDICTLAB_RATE_SHARE),
  };
}

function urlOf(env: Environment, name: keyof typeof DEFAULT_URLS): string {
  const text = env[name]?.trim() || DEFAULT_URLS[name];
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && (url.protocol === 'https:' || url.protocol === 'http:')) return text;
  throw new PredictLabError('BadInput', `${name}="${text}" is not a web address; write one such as ${DEFAULT_URLS[name]}`);
}

/** Reads a variable that has one of a few words; the first word is the default. */
function choiceOf<Choice extends string>(env: Environment, name: string, choices: readonly [Choice, ...Choice[]]): Choice {
  const text = env[name]?.trim() ?? '';
  if (text === '') return choices[0];
  const choice = choices.find((each) => each === text);
  if (choice !== undefined) return choice;
  throw new PredictLabError('BadInput', `${name}="${text}": write ${choices.join(' or ')}`);
}

function rateShareOf(text: string | undefined): number {
  if (text === undefined || text.trim() === '') return 1;
  const share = Number(text);
  if (Number.isFinite(share) && share > 0) return share;
  throw new PredictLabError(
    'BadInput',
    `PREDICTLAB_RATE_SHARE="${text}": write a number above 0, such as 0.5 for half of the published limits`,
  );
}
