import { shippedStrategies } from '../../backtest/strategies/registry.ts';
import { badInput, PredictLabError } from '../../contracts/errors.ts';
import { STAGES } from '../../contracts/words.ts';

/** Names of a worker's own activities. A plugin may not use them, because its activity would replace the worker's. */
const REGISTERED: readonly string[] = [...STAGES, 'preparePipeline', 'expandUniverses', 'finishPipeline'];
/** Custom activities of every worker. */
export const SHIPPED_ACTIVITIES = ['sleep', 'httpGet', 'httpPost'] as const;

const NAME = /^[A-Za-z][\w.-]{0,99}$/;
const NAME_RULE = 'a name is a letter, then up to 99 letters, digits, dots, dashes and underscores';

/** What is wrong with a plugin's default export as a whole; undefined when it is valid. */
export function pluginProblem(exported: unknown): string | undefined {
  if (isThenable(exported)) return 'exports a promise; write `export default await …`';
  if (!isPlain(exported))
    return `has ${exported === undefined ? 'no default export' : `${kindOf(exported)} as its default export`}; ${SHAPE}`;
  const unknown = Object.keys(exported).filter((key) => !['activities', 'strategies', 'venues'].includes(key));
  if (unknown.length > 0) return `exports ${unknown.join(', ')} in its default; it may have activities, strategies and venues`;
  const { venues } = exported;
  if (venues !== undefined && !Array.isArray(venues)) return `has ${kindOf(venues)} as venues; write a list of them`;
  for (const part of ['activities', 'strategies'] as const) {
    const value = exported[part];
    if (value !== undefined && !isPlain(value)) return `has ${kindOf(value)} as ${part}; write an object of them by name`;
  }
  return undefined;
}

const SHAPE = 'export an object { activities, strategies, venues }';

/** What is wrong with an activity; undefined when it is valid. */
export function activityProblem(name: string, activity: unknown): string | undefined {
  const named = nameProblem('an activity', name);
  if (named !== undefined) return named;
  if (REGISTERED.includes(name)) return `has an activity named "${name}", which is a part of the pipeline itself; rename it`;
  if ((SHIPPED_ACTIVITIES as readonly string[]).includes(name)) return `has an activity named "${name}", which is built in; rename it`;
  if (!isPlain(activity)) return `has ${kindOf(activity)} as activity "${name}"; ${ACTIVITY_SHAPE}`;
  if (typeof activity.run !== 'function') return `has an activity "${name}" without a function run; ${ACTIVITY_SHAPE}`;
  if (!isSchema(activity.input)) return `has an activity "${name}" whose input is not a zod schema; ${ACTIVITY_SHAPE}`;
  const { thread } = activity;
  if (thread !== undefined && typeof thread !== 'boolean')
    return `has an activity "${name}" with thread: ${kindOf(thread)}; write true, false or leave it out`;
  const { env } = activity;
  if (env !== undefined && !(Array.isArray(env) && env.every((variable) => typeof variable === 'string')))
    return `has an activity "${name}" with env: ${kindOf(env)}; write a list of names of variables, or leave it out`;
  return undefined;
}

const ACTIVITY_SHAPE = 'write { input: <zod schema>, run(input, context) }';

/** What is wrong with a strategy; undefined when it is valid. */
export function strategyProblem(name: string, strategy: unknown): string | undefined {
  const named = nameProblem('a strategy', name);
  if (named !== undefined) return named;
  if (shippedStrategies.some((shipped) => shipped.name === name)) return `has a strategy named "${name}", which is built in; rename it`;
  if (!isPlain(strategy)) return `has ${kindOf(strategy)} as strategy "${name}"; ${STRATEGY_SHAPE}`;
  if (typeof strategy.create !== 'function') return `has a strategy "${name}" without a function create; ${STRATEGY_SHAPE}`;
  if (!isSchema(strategy.params)) return `has a strategy "${name}" whose params are not a zod schema; ${STRATEGY_SHAPE}`;
  if (strategy.summary !== undefined && typeof strategy.summary !== 'string')
    return `has a strategy "${name}" whose summary is ${kindOf(strategy.summary)}; write a line of text`;
  return undefined;
}

const STRATEGY_SHAPE = 'write { summary, params: <zod schema>, create(params, bars, situation) }';

const UNIVERSE_SHAPE = 'write { rule: <zod schema>, forms: "…", async *list(context, rule, known) }';
const isUniverse = (value: unknown): boolean =>
  isPlain(value) && isSchema(value.rule) && typeof value.forms === 'string' && typeof value.list === 'function';

const VENUE_NAME = /^[a-z][a-z\d-]{1,30}$/;

/** What is wrong with a venue; undefined when it is valid. */
export function venueProblem(venue: unknown): string | undefined {
  if (!isPlain(venue)) return `has ${kindOf(venue)} as a venue; write defineVenue({ … }), docs/venues.md shows one`;
  const { name } = venue;
  if (typeof name !== 'string' || !VENUE_NAME.test(name))
    return `has a venue named ${JSON.stringify(name)}; a name is 2 to 31 lower-case letters, digits and dashes and starts with a letter`;
  if (!isSchema(venue.selector)) return `has a venue "${name}" whose selector is not a zod schema`;
  for (const part of ['hosts', 'limits'] as const)
    if (!isPlain(venue[part]) || Object.keys(venue[part]).length === 0) return `has a venue "${name}" without ${part}; name at least one`;
  const { universe, sharedMarkets = 1 } = venue;
  if (universe !== undefined && !isUniverse(universe)) return `has a venue "${name}" with an incomplete universe; ${UNIVERSE_SHAPE}`;
  for (const route of ['sharedTrades', 'hourlyVolumes'])
    if (venue[route] !== undefined && typeof venue[route] !== 'function')
      return `has a venue "${name}" whose ${route} is ${kindOf(venue[route])}; write a function or leave it out`;
  if (!(typeof sharedMarkets === 'number' && sharedMarkets >= 1))
    return `has a venue "${name}" with sharedMarkets: ${kindOf(sharedMarkets)}; write a number of markets, at least 1`;
  const missing = ['discover', 'selectorOf', 'trades', 'readTrade'].filter((route) => typeof venue[route] !== 'function');
  return missing.length === 0 ? undefined : `has a venue "${name}" without the function ${missing.join(', ')}`;
}

function nameProblem(what: string, name: string): string | undefined {
  return NAME.test(name) ? undefined : `has ${what} named ${JSON.stringify(name.slice(0, 120))}; ${NAME_RULE}`;
}

const isPlain = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isSchema = (value: unknown): boolean => isPlain(value) && typeof value.safeParse === 'function' && typeof value.parse === 'function';
const isThenable = (value: unknown): boolean =>
  (typeof value === 'object' || typeof value === 'function') && value !== null && 'then' in value && typeof value.then === 'function';

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** The error that names a plugin and what is wrong with it. */
export const badPlugin = (module: string, problem: string, cause?: unknown): PredictLabError =>
  badInput(`PREDICTLAB_PLUGINS: ${module} ${problem}`, { cause });
