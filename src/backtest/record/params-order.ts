import { type Params, paramNames, strategyByName } from '../strategies/registry.ts';
import { type Fields, listOf } from './fields.ts';

/** The names of a result's parameters in the order in which its strategy declares them. A database keeps keys in an order of its own. */
export const encodeOrder = (params: Params): readonly string[] => Object.keys(params);

/**
 * Parameters in the order in which their strategy declares them.
 *
 * @param order as {@link encodeOrder} wrote it; what was stored before there was one has the order of a shipped strategy, else its own
 */
export function orderedParams(strategy: string, params: Params, order?: Fields[string]): Params {
  const stored = listOf(order).filter((name): name is string => typeof name === 'string');
  const shipped = strategyByName(strategy);
  const names = stored.length > 0 || shipped === undefined ? stored : paramNames(shipped);
  const known = names.filter((name) => Object.hasOwn(params, name));
  const others = Object.keys(params).filter((name) => !known.includes(name));
  return Object.fromEntries([...known, ...others].map((name) => [name, params[name]]));
}

/** The parameters of a stored backtest, ordered. */
export const storedParams = ({
  strategy,
  params,
  passport,
}: {
  readonly strategy: string;
  readonly params: Params;
  readonly passport: Fields;
}): Params => orderedParams(strategy, params, passport['params']);
