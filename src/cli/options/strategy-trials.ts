import type { Trial } from '../../backtest/run-backtest.ts';
import { type ParamsInput, strategyTrials } from '../../backtest/strategies/registry.ts';
import type { Strategy } from '../../backtest/strategy.ts';
import { usageError } from '../terminal/exit.ts';
import { jsonList } from './read-text.ts';
import { parseParams } from './strategy-params.ts';

/** The options that name strategies. */
export interface StrategyFlags {
  readonly strategy?: string;
  readonly strategies?: string;
  readonly param: readonly string[];
}

/**
 * The trials of `--strategy` with `--param`, or of `--strategies`.
 *
 * @throws ExitError 2 that names the wrong strategy or parameter
 */
export async function trialsFrom(flags: StrategyFlags, known: readonly Strategy[]): Promise<readonly Trial[]> {
  const { strategy, strategies, param } = flags;
  if (strategy !== undefined && strategies !== undefined) throw usageError('--strategy and --strategies exclude each other; give one');
  if (strategies !== undefined && param.length > 0)
    throw usageError('--param applies to --strategy; with --strategies the parameters are in the list, as "params"');
  if (strategy === undefined && strategies === undefined)
    throw usageError('name a strategy with --strategy sma-cross, or several with --strategies; --help lists them');
  const named = strategies === undefined ? [{ name: strategy as string, params: parseParams(param) }] : await listFrom(strategies);
  const trials = new Map<string, Trial>();
  for (const { name, params } of named) {
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
      `--strategies: write a list such as [{"name": "rsi", "params": {"period": 14}}]; the other options say how all of them trade`,
    );
  return entries;
}
