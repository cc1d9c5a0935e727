import ms from 'ms';
import { type BacktestSettings, DEFAULT_BACKTEST } from '../../contracts/run/backtest-settings.ts';
import type { RetryInput, RetryRuleInput } from '../../contracts/run/pipeline-input.ts';
import type { RetryRule, RunConfig, TaskPolicy } from '../../contracts/run/run-config.ts';
import { ruleFor } from '../../contracts/task/after-failure.ts';
import { DAY_MS, STAGES, stageTaskId } from '../../contracts/words.ts';

/** The retry policy of each task by task id, as a run's input would state it, with every field. */
export function retriesOf({ symbols, stages, tasks }: RunConfig): ReadonlyMap<string, RetryInput> {
  const retries = new Map<string, RetryInput>();
  for (const stage of STAGES) {
    const retry = retryOf(stages[stage].policy);
    for (const { symbol } of symbols) retries.set(stageTaskId(symbol, stage), retry);
  }
  for (const { taskId, policy } of tasks) retries.set(taskId, retryOf(policy));
  return retries;
}

/** One line for each retry policy in the plan, the most common one first. */
export function retryLines(retries: readonly (readonly [taskId: string, retry: RetryInput])[]): string[] {
  const groups = new Map<string, string[]>();
  for (const [taskId, retry] of retries) {
    const sentence = retrySentence(retry);
    const group = groups.get(sentence);
    if (group === undefined) groups.set(sentence, [taskId]);
    else group.push(taskId);
  }
  const sorted = [...groups].sort(([, a], [, b]) => b.length - a.length);
  return sorted.map(([sentence, taskIds], index) => `retries${index === 0 ? '' : ` of ${named(taskIds)}`}: ${sentence}`);
}

const NAMED = 4;
const named = (taskIds: readonly string[]): string =>
  taskIds.length > NAMED ? `${taskIds.slice(0, NAMED).join(', ')} and ${taskIds.length - NAMED} more` : taskIds.join(', ');

function retryOf(policy: TaskPolicy): RetryInput {
  const byError = Object.keys(policy.byError ?? {}).map((type) => [type, ruleInput(ruleFor(policy, type) as RetryRule)] as const);
  return { ...ruleInput(policy), ...(byError.length === 0 ? {} : { byError: Object.fromEntries(byError) }) };
}

const ruleInput = ({ maxRetries, retryDelayMs, backoff, maxDelayMs }: RetryRule): Required<RetryRuleInput> => ({
  maxRetries,
  retryDelay: ms(retryDelayMs),
  backoff,
  maxDelay: ms(maxDelayMs),
});

function retrySentence({ byError = {}, ...rule }: RetryInput): string {
  const own = Object.entries(byError).map(([type, one]) => `after ${type} ${ruleSentence(one)}`);
  return [ruleSentence(rule), ...own].join('; ');
}

function ruleSentence({ maxRetries, retryDelay, backoff, maxDelay }: RetryRuleInput): string {
  if (maxRetries === 0) return 'none';
  return `up to ${maxRetries}, ${retryDelay} apart${backoff === 1 || maxRetries === 1 ? '' : `, each wait ×${backoff} up to ${maxDelay}`}`;
}

/** How the run's strategies trade: a line for the run and one for each strategy with settings of its own. */
export function backtestLines({ backtest = DEFAULT_BACKTEST, strategies }: Pick<RunConfig, 'backtest' | 'strategies'>): string[] {
  const own = strategies.flatMap(({ name, backtest: differs }) => (differs === undefined ? [] : [`${name}: ${settingsText(differs)}`]));
  return [`backtest: ${settingsText(backtest)}`, ...own];
}

function settingsText(settings: BacktestSettings): string {
  const { cash, sizing, side, spread, slippageTicks, maxVolumeShare, historyMs, walkForward, topByVolume } = settings;
  return [
    `cash ${cash}`,
    'units' in sizing ? `${sizing.units} units an entry` : `${sizing.fraction * 100}% of the cash an entry`,
    side === 'both' ? 'long and short' : 'long only',
    spread === 'recorded' ? 'half the recorded spread' : `half-spread ${spread}`,
    ...(slippageTicks > 0 ? [`slippage ${slippageTicks} ticks`] : []),
    maxVolumeShare === null ? 'no volume cap' : `at most ${maxVolumeShare * 100}% of a bar's volume`,
    historyMs === null ? 'all stored history' : `the last ${historyMs / DAY_MS} days`,
    ...(walkForward === undefined
      ? []
      : [`walk-forward: ${walkForward.trainMs / DAY_MS} days to train, ${walkForward.testMs / DAY_MS} days to test`]),
    ...(topByVolume === undefined ? [] : [`of each universe the ${topByVolume} markets with the largest volume`]),
  ].join(', ');
}
