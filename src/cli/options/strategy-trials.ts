import type { Trial } from '../../backtest/run-backtest.ts';
import { type ParamsInput, strategyTrials } from '../../backtest/strategies/registry.ts';
import type { Strategy } from '../../backtest/strategy.ts';
import { usageError } from '../terminal/exit.ts';
import { parseParams } from './strategy-params.ts';
import { jsonList } from './values/json-list.ts';

/** How strategies are named on the command line. */
export interface StrategyFlags {
  readonly strategy?: string;
  readonly strategies?: string;
  readonly param: readonly string[];
}

/**
 * The trials of `--strategy` with `--param`, or of `--strategies`.
 *
 * @throws ExitError 2 that says what is wrong with the names or parameters
 */
export async function trialsFrom(flags: StrategyFlags, known: readonly Strategy[]): Promise<readonly Trial[]> {
  const { strategy, strategies, param } = flags;
  if (strategy !== undefined && strategies !== undefined) throw usageError('--strategy and --strategies exclude each other; give one');
  if (strategies !== undefined && param.length > 0)
    throw usageError('--param is for --strategy; with --strategies the parameters stand in the list, as "params"');
  if (strategy === undefined && strategies === undefined)
    throw usageError('say which strategy: --strategy sma-cross, or several with --strategies; --help lists them');
  const asked = strategies === undefined ? [{ name: strategy as string, params: parseParams(param) }] : await listFrom(strategies);
  const trials = new Map<string, Trial>();
  for (const { name, params } of asked) {
    const checked = strategyTrials(name, params, known);
    if ('problems' in checked) throw usageError(checked.problems.join('\n'));
    for (const one of checked.trials) trials.set(`${name} ${JSON.stringify(one)}`, { strategy: checked.strategy, params: one });
  }
  return [...trials.values()];
}

async function listFrom(text: string): Promise<readonly { readonly name: string; readonly params: ParamsInput }[]> {
  const json = await jsonList('--strategies', text);
  const list: readonly unknown[] = Array.isArray(json) ? json : [];
  const entries = list.flatMap((entry) => {
    const { name, params = {}, ...more } = (typeof entry === 'object' && entry !== null ? entry : {}) as Record<string, unknown>;
    const fits = typeof name === 'string' && typeof params === 'object' && params !== null && Object.keys(more).length === 0;
    return fits ? [{ name, params: params as ParamsInput }] : [];
  });
  if (list.length === 0 || entries.length < list.length)
    throw usageError(
      `--strategies: write a list such as [{"name": "rsi", "params": {"period": 14}}]; how they trade is said by the other options, for all of them`,
    );
  return entries;
}
