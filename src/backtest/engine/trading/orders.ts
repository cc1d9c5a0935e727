import { badInput } from '../../../contracts/errors.ts';
import { didYouMean } from '../../../contracts/text/nearest-name.ts';
import type { MarketKind } from '../../../contracts/words.ts';
import type { Order } from '../../strategy.ts';

const FIELDS = ['side', 'size', 'limit', 'expires', 'stop', 'target'] as const;
const PRICES = ['limit', 'stop', 'target'] as const;

interface OrderContext {
  /** Close of the bar at which the order is given; UTC epoch milliseconds. */
  readonly closesAt: number;
  readonly kind: MarketKind;
}

/** Checks an order that a strategy returned; returns a copy without undefined fields. @throws PredictLabError BadInput */
export function checkedOrder(given: object, place: OrderContext): Order {
  const fields = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const problem = orderProblem(fields, place);
  if (problem === undefined) return fields as unknown as Order;
  throw badInput(`the order is invalid: ${problem}`);
}

function orderProblem(fields: Readonly<Record<string, unknown>>, { closesAt, kind }: OrderContext): string | undefined {
  const unknown = Object.keys(fields).find((name) => !(FIELDS as readonly string[]).includes(name));
  if (unknown !== undefined) return `there is no field ${unknown}${didYouMean(unknown, FIELDS)}; an order has ${FIELDS.join(', ')}`;
  const { side, size, expires } = fields;
  if (side !== 'long' && side !== 'short') return `side must be long or short, got ${shown(side)}`;
  if (size !== undefined && !(typeof size === 'number' && size > 0 && size <= 1))
    return `size must be a share of the equity above 0 and at most 1, got ${shown(size)}; to buy nothing return 'hold' or 'flat'`;
  const most = kind === 'probability' ? 1 : Number.POSITIVE_INFINITY;
  for (const name of PRICES) {
    const price = fields[name];
    if (price === undefined || (typeof price === 'number' && price > 0 && price < most)) continue;
    const range = most === 1 ? 'of the first outcome, between 0 and 1' : 'above 0';
    return `${name} must be a price ${range}, got ${shown(price)}; leave it out for none`;
  }
  if (expires !== undefined && !(typeof expires === 'number' && expires > closesAt && Number.isFinite(expires)))
    return `expires must be a time after the bar's close, ${new Date(closesAt).toISOString()} (${closesAt}), got ${shown(expires)}`;
  return levelsProblem(fields as unknown as Order);
}

/** Checks the order of the prices: a long's stop is below its limit and its target above; for a short it is the other way round. */
function levelsProblem({ side, stop, limit, target }: Order): string | undefined {
  const up = side === 'long' ? 1 : -1;
  const [below, above] = up > 0 ? ['below', 'above'] : ['above', 'below'];
  const wrong = (lower: number | undefined, upper: number | undefined): boolean =>
    lower !== undefined && upper !== undefined && up * (upper - lower) <= 0;
  if (wrong(stop, limit)) return `the stop of a ${side} must be ${below} its limit, got stop ${stop} and limit ${limit}`;
  if (wrong(limit, target)) return `the target of a ${side} must be ${above} its limit, got target ${target} and limit ${limit}`;
  if (wrong(stop, target)) return `the stop of a ${side} must be ${below} its target, got stop ${stop} and target ${target}`;
  return undefined;
}

const shown = (value: unknown): string =>
  typeof value === 'number' || value === null || typeof value === 'boolean' || typeof value === 'bigint'
    ? String(value)
    : (JSON.stringify(value) ?? typeof value);
