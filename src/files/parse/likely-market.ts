import { PredictLabError } from '../../contracts/errors.ts';
import type { MarketKind } from '../../contracts/words.ts';

/** Fewer prices than this are too few to recognise cents. */
const LEAST_CENTS = 8;

/**
 * The kind of market guessed from a file's first prices: probability, unless most of them are above 1 and no outcomes are named. The one
 * guess of every command that reads files.
 *
 * @throws PredictLabError BadInput when the prices may be cents of a probability as well as an asset's prices
 */
export function likelyMarket(file: string, prices: readonly number[], { hasOutcomes = false } = {}): MarketKind {
  const known = prices.filter((price) => Number.isFinite(price));
  const aboveOne = known.filter((price) => price > 1).length;
  if (aboveOne <= known.length / 2) return 'probability';
  const areCents = known.length >= LEAST_CENTS && known.every((price) => price >= 0 && price <= 100 && Number.isInteger(price * 10));
  if (!areCents && !hasOutcomes) return 'asset';
  if (!areCents) return 'probability';
  const [least, most] = [Math.min(...known), Math.max(...known)];
  throw new PredictLabError(
    'BadInput',
    `${file}: prices from ${least} to ${most} may be cents of a probability or the prices of an asset; say which with --market asset, or write probabilities as 0.45, 45¢ or 45% (--price-unit cents reads plain numbers as cents)`,
  );
}
