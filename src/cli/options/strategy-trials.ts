import type { Trial } from '../../backtest/run-backtest.ts';
import { type ParamsInput, strategyTrials } from '../../backtest/strategies/registry.ts';
import type { Strategy } from '../../backtest/strategy.ts';
import type { Json } from '../../contracts/run/pipeline-input.ts';
import { isRecord, recordOf } from '../../input/raw-input.ts';
import { usageError } from '../terminal/print.ts';
import { jsonList } from './read-text.ts';

export interface StrategyFlags {
  readonly strategy?: string;
  readonly strategies?: string;
  readonly param: readonly string[];
}

/** The trials of `--strategy` with `--param`, or of `--strategies`. @throws ExitError 2 that names the wrong strategy or parameter */
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
    const { name, params = {}, ...more } = recordOf(entry);
    return typeof name === 'string' && isRecord(params) && Object.keys(more).length === 0 ? [{ name, params: params as ParamsInput }] : [];
  });
  if (list.length === 0 || entries.length < list.length)
    throw usageError(
      `--strategies: write a list such as [{"name": "rsi", "params": {"period": 14}}]; the other options say how all of them trade`,
    );
  return entries;
}

/**
 * Parses `--param` values: `fast=10` → `{ fast: 10 }`; `fast=5,10,20` → a list, one trial per value.
 * @throws ExitError 2 that names the wrong part
 */
export function parseParams(parts: readonly string[]): Record<string, Json> {
  const params = new Map<string, Json>();
  for (const part of parts) {
    const at = part.indexOf('=');
    const name = part.slice(0, at).trim();
    const text = part.slice(at + 1).trim();
    if (at < 1 || name === '' || text === '') throw usageError(`--param ${part}: write a name and a value, such as --param period=14`);
    if (params.has(name))
      throw usageError(
        `--param ${name} is given twice; write a list of values as --param ${name}=${JSON.stringify(params.get(name))},${text}`,
      );
    const values = text.split(',').map(valueOf);
    params.set(name, values.length === 1 ? values[0] : values);
  }
  return Object.fromEntries(params);
}

function valueOf(text: string): Json {
  if (text === 'true' || text === 'false') return text === 'true';
  const number = Number(text);
  return text.trim() === '' || Number.isNaN(number) ? text : number;
}
