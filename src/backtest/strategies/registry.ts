import type { z } from 'zod';
import { messageOf } from '../../contracts/errors.ts';
import type { Json } from '../../contracts/run/pipeline-input.ts';
import { issueWords } from '../../contracts/text/issue-words.ts';
import { didYouMean } from '../../contracts/text/nearest-name.ts';
import { asStrategy, fenced } from '../engine/fence.ts';
import type { Strategy } from '../strategy.ts';
import { bollingerStrategy, breakout, buyAndHold, emaCross, favourite, momentum, rsiStrategy, smaCross } from './shipped.ts';

/** The strategies that ship with PredictLab, in the order of the documentation. */
export const shippedStrategies: readonly Strategy[] = [
  buyAndHold,
  smaCross,
  emaCross,
  rsiStrategy,
  bollingerStrategy,
  breakout,
  momentum,
  favourite,
] as readonly Strategy[];

/** Finds a strategy by its name; undefined if there is none. */
export const strategyByName = (name: string, strategies: readonly Strategy[] = shippedStrategies): Strategy | undefined =>
  strategies.find((strategy) => strategy.name === name);

/** Parameters of a strategy as users give them; a list of values gives one trial per value. */
export type ParamsInput = Readonly<Record<string, Json>>;

/** One combination of checked parameters with defaults, ready for `create`. */
export type Params = Readonly<Record<string, Json>>;

/** Maximum number of trials of one grid; more is most likely a typing error. */
const MAX_TRIALS = 100_000;

/**
 * Checks a strategy's name and parameters and expands lists into trials: `{ fast: [5, 10], slow: [30, 60] }` gives four. Combinations that
 * break a rule between parameters (fast ≥ slow) are left out, unless all do.
 * @returns the trials, or one sentence per problem: the name, what is wrong, and the closest valid name
 */
export function strategyTrials(
  name: string,
  params: ParamsInput = {},
  strategies: readonly Strategy[] = shippedStrategies,
): { readonly strategy: Strategy; readonly trials: readonly Params[] } | { readonly problems: readonly string[] } {
  const strategy = strategyByName(name, strategies);
  if (strategy === undefined) {
    const names = strategies.map((known) => known.name);
    return { problems: [`unknown strategy '${name}'; there are ${names.join(', ')}${didYouMean(name, names)}`] };
  }
  const combinations = expand(params);
  if (combinations === undefined) return { problems: [`the grid of '${name}' has more than ${MAX_TRIALS} combinations or an empty list`] };
  const trials: Params[] = [];
  const problems = new Set<string>();
  let onlyRules = true;
  for (const combination of combinations) {
    let parsed: ReturnType<typeof parse>;
    try {
      parsed = parse(strategy, combination);
    } catch (error) {
      const because = asStrategy(name, () => messageOf(error));
      return { problems: [`strategy '${name}' cannot take its parameters: ${because}; its schema must give plain values`] };
    }
    if (parsed.success) {
      trials.push(frozen(parsed.data) as Params);
      continue;
    }
    for (const issue of parsed.error.issues) {
      if (issue.code !== 'custom') onlyRules = false;
      problems.add(issueSentence(strategy, issue));
    }
  }
  return problems.size > 0 && (!onlyRules || trials.length === 0) ? { problems: [...problems] } : { strategy, trials };
}

/**
 * Parses parameters with a strategy's schema. A user's schema is the strategy's own code, as are getters and proxies in its output: they
 * run inside `fenced`, once, and only their values are kept.
 */
function parse(strategy: Strategy, given: object): z.ZodSafeParseResult<unknown> {
  if (shippedStrategies.includes(strategy)) return strategy.params.safeParse(given);
  return fenced(strategy.name, () => {
    const parsed = strategy.params.safeParse(given);
    return parsed.success ? { success: true, data: copyOf(parsed.data) } : parsed;
  });
}

// captured when this module loads: a strategy could replace it
const copyOf = structuredClone;

/** Freezes a value deeply, so that every run of a trial gets the same parameters. */
function frozen(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) frozen(part);
  return value;
}

/** Problems with a strategy's name or parameters, one sentence each; empty if there are none. */
export function strategyProblems(name: string, params: ParamsInput = {}, strategies: readonly Strategy[] = shippedStrategies): string[] {
  const checked = strategyTrials(name, params, strategies);
  return 'problems' in checked ? [...checked.problems] : [];
}

/** Names of a strategy's parameters; empty if its schema is not an object. */
export function paramNames(strategy: Strategy): readonly string[] {
  const { shape } = strategy.params as { shape?: Record<string, unknown> };
  return shape === undefined ? [] : Object.keys(shape);
}

function issueSentence(strategy: Strategy, issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') {
    const names = paramNames(strategy);
    const takes = names.length === 0 ? 'it takes none' : `it takes ${names.join(', ')}${didYouMean(issue.keys[0], names)}`;
    return `strategy '${strategy.name}' has no parameter '${issue.keys[0]}'; ${takes}`;
  }
  return `strategy '${strategy.name}', parameter '${issue.path.join('.')}': ${issueWords(issue)}`;
}

/** Cartesian product of the lists among the parameters, the last varying fastest; undefined for an empty list or too many. */
function expand(params: ParamsInput): Record<string, Json>[] | undefined {
  let combinations: Record<string, Json>[] = [{}];
  for (const [name, value] of Object.entries(params)) {
    const choices: readonly Json[] = Array.isArray(value) ? value : [value];
    if (choices.length === 0 || combinations.length * choices.length > MAX_TRIALS) return undefined;
    combinations = combinations.flatMap((combination) => choices.map((choice) => ({ ...combination, [name]: choice })));
  }
  return combinations;
}
