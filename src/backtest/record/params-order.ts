import { type Params, paramNames, strategyByName } from '../strategies/registry.ts';
import { type Fields, listOf } from './fields.ts';

/** Names of a result's parameters in the order in which the strategy declares them. A database does not keep the order of JSON keys. */
export const encodeOrder = (params: Params): readonly string[] => Object.keys(params);

/**
 * Orders parameters as their strategy declares them.
 *
 * @param order as written by {@link encodeOrder}; without it a shipped strategy's parameters have its order, all others their own
 */
export function orderedParams(strategy: string, params: Params, order?: Fields[string]): Params {
  const stored = listOf(order).filter((name): name is string => typeof name === 'string');
  const shipped = strategyByName(strategy);
  const names = stored.length > 0 || shipped === undefined ? stored : paramNames(shipped);
  const known = names.filter((name) => Object.hasOwn(params, name));
  const others = Object.keys(params).filter((name) => !known.includes(name));
  return Object.fromEntries([...known, ...others].map((name) => [name, params[name]]));
}

/** Parameters of a stored backtest in the order in which the strategy declares them. */
export const storedParams = ({
  strategy,
  params,
  passport,
}: {
  readonly strategy: string;
  readonly params: Params;
  readonly passport: Fields;
}): Params => orderedParams(strategy, params, passport['params']);
