import { z } from 'zod';
import { ERROR_EFFECTS, type Problem, RUN_ERRORS } from '../contracts/errors.ts';
import type { Json, PipelineInput, TaskErrorType } from '../contracts/run/pipeline-input.ts';
import type { RunConfig } from '../contracts/run/run-config.ts';
import { issueWords } from '../contracts/text/issue-words.ts';
import { didYouMean } from '../contracts/text/nearest-name.ts';
import { INTERVALS, ORDERS, STAGES } from '../contracts/words.ts';
import { buildGraph } from '../scheduling/graph/graph.ts';
import { repeatedStrategies, runBacktestField, strategyBacktestField } from './backtest-fields.ts';
import {
  deadlineField,
  durationField,
  durationMs,
  instantField,
  nameField,
  numberField,
  priorityField,
  taskIdField,
  wholeField,
  wordField,
} from './field-schemas.ts';
import { describeValue, fieldPath, isRecord, listAt, recordOf } from './raw-input.ts';
import { type Catalogue, graphShape, resolveConfig } from './resolve-config.ts';
import { shapeProblems, sizeProblems } from './size-problems.ts';

/** The names that an input may use, from the worker and the catalogue, and the current time. */
export interface KnownNames extends Catalogue {
  /** `problems` takes the parameters, each possibly a list of values, and returns one sentence per problem. */
  readonly strategies: readonly { readonly name: string; problems(params: Readonly<Record<string, Json>>): readonly string[] }[];
  readonly activities: readonly { readonly name: string; problems(args: readonly Json[]): readonly string[] }[];
  /** The run's id, if it has one already. */
  readonly runId?: string;
}

/** Allowed difference between the clocks of two machines. */
const CLOCK_SKEW_MS = 5 * 60_000;
const HOUR_IN_DAYS = 1 / 24;

const ruleFields = {
  maxRetries: wholeField(0, 100).optional(),
  retryDelay: durationField('zero').optional(),
  backoff: numberField(1, 100).optional(),
  maxDelay: durationField('zero').optional(),
};
const rule = z.strictObject(ruleFields).optional();
const taskErrors = Object.keys(ERROR_EFFECTS).filter((type) => !(RUN_ERRORS as readonly string[]).includes(type)) as TaskErrorType[];
const byError = z.strictObject(Object.fromEntries(taskErrors.map((type) => [type, rule])) as Record<TaskErrorType, typeof rule>);
const retryFields = { ...ruleFields, byError: byError.optional() };

/** Schema of `PipelineInput` that checks every name against the known ones and refuses unknown fields. */
function pipelineInputSchema({
  symbols,
  strategies,
  activities,
  sources,
}: Pick<KnownNames, 'symbols' | 'strategies' | 'activities' | 'sources'>) {
  const symbol = nameField({
    what: 'symbol',
    names: symbols.map((entry) => entry.symbol),
    list: '`predictlab symbols list` shows the catalogue',
  });
  const namesOf = (known: readonly { readonly name: string }[]): string[] => known.map(({ name }) => name);
  const [strategy, activity] = [wordField('strategy', namesOf(strategies)), wordField('activity', namesOf(activities))];
  const stageWord = wordField('stage', STAGES);
  const timeout = durationField('positive');
  const stage = z.strictObject({
    timeout: timeout.optional(),
    retry: z.strictObject(retryFields).optional(),
    critical: z.boolean().optional(),
    priority: priorityField().optional(),
  });
  const task = z.strictObject({
    taskId: taskIdField(),
    name: z.string().optional(),
    activity,
    args: z.array(z.json()).optional(),
    dependencies: z.array(z.string()).optional(),
    runBefore: z.array(z.string()).optional(),
    ...retryFields,
    timeout: timeout.optional(),
    critical: z.boolean().optional(),
    priority: priorityField().optional(),
    short: z.boolean().optional(),
    onLostWorker: wordField('choice', ['retry', 'fail']).optional(),
    maxLostWorkers: wholeField(1, 100).optional(),
  });
  return z.strictObject({
    symbols: z.array(symbol).optional(),
    sourceTypes: z.array(wordField('source', sources.names)).min(1, 'name at least one source').optional(),
    intervals: z.array(wordField('interval', INTERVALS)).min(1, 'name at least one interval').optional(),
    daysBack: numberField(HOUR_IN_DAYS, 3_650, 'a number of days from 0.042 (an hour) to 3650').optional(),
    catchUp: durationField('zero').optional(),
    untilStage: stageWord.optional(),
    maxConcurrent: wholeField(1, 10_000).optional(),
    order: wordField('order', ORDERS).optional(),
    criticalStages: z.array(stageWord).optional(),
    retry: z.strictObject(retryFields).optional(),
    timeout: timeout.optional(),
    stages: z.strictObject(Object.fromEntries(STAGES.map((name) => [name, stage.optional()]))).optional(),
    strategies: z
      .array(
        z.strictObject({ name: strategy, params: z.record(z.string(), z.json()).optional(), backtest: strategyBacktestField.optional() }),
      )
      .optional(),
    backtest: runBacktestField.optional(),
    deadline: deadlineField().nullable().optional(),
    tasks: z.array(task).optional(),
    refetch: z.boolean().optional(),
    asOf: instantField().nullable().optional(),
  });
}

/**
 * Checks a run's input, fills in every default and reports all problems at once, each with the path of its field and what to do.
 * @param input any value; `undefined` and `null` mean `{}`
 */
export function parsePipelineInput(input: unknown, known: KnownNames): { config: RunConfig } | { problems: Problem[] } {
  const given = input ?? {};
  const shape = shapeProblems(given);
  if (shape.length > 0) return { problems: shape };
  const schema = pipelineInputSchema(known);
  const parsed = schema.safeParse(given);
  const problems = parsed.success ? [] : inputProblems(parsed.error.issues, given, schema);
  problems.push(...retryProblems(given), ...repeatedStrategies(given), ...ownersProblems(given, known), ...futureProblems(given, known));
  const built = buildGraph(graphShape(given, known));
  if ('problems' in built) problems.push(...built.problems);
  if (!parsed.success || problems.length > 0) return { problems };
  // The schema checks more than its type expresses: sizing has exactly one of its two forms, and a spread is a number or "recorded".
  const config = resolveConfig(parsed.data as PipelineInput, known);
  const tooLarge = sizeProblems(config, known.runId);
  return tooLarge.length > 0 ? { problems: tooLarge } : { config };
}

/** Refuses a future `asOf`: such a run would mark future time as covered, and later runs would not fetch it. */
function futureProblems(given: unknown, { clock }: KnownNames): Problem[] {
  const { asOf } = recordOf(given);
  if (clock === undefined || typeof asOf !== 'string' || !(Date.parse(asOf) > clock + CLOCK_SKEW_MS)) return [];
  return [{ where: 'asOf', message: `${asOf} is in the future; leave it out to run as of now (${new Date(clock).toISOString()})` }];
}

/** Collects the problems that each strategy finds in its parameters and each activity in its arguments. */
function ownersProblems(given: unknown, known: KnownNames): Problem[] {
  const problems: Problem[] = [];
  for (const [index, entry] of listAt(given, 'strategies').entries()) {
    const { name, params = {} } = recordOf(entry);
    const owner = known.strategies.find((strategy) => strategy.name === name);
    if (!isRecord(params)) continue;
    for (const message of owner?.problems(params as Record<string, Json>) ?? [])
      problems.push({ where: `strategies[${index}].params`, message });
  }
  for (const [index, entry] of listAt(given, 'tasks').entries()) {
    const { activity, args = [] } = recordOf(entry);
    const owner = known.activities.find(({ name }) => name === activity);
    if (!Array.isArray(args)) continue;
    for (const message of owner?.problems(args as Json[]) ?? []) problems.push({ where: `tasks[${index}].args`, message });
  }
  return problems;
}

/**
 * The configuration of an input, assuming that every name in it is known; for measuring it where catalogue and plugins are not available.
 * @param now UTC epoch milliseconds
 * @returns undefined when the input has problems, which the run reports
 */
export function assumedConfig(input: unknown, now: number): RunConfig | undefined {
  const namesIn = (field: string, key: string): string[] => [
    ...new Set(listAt(input, field).flatMap((entry) => (typeof recordOf(entry)[key] === 'string' ? [recordOf(entry)[key] as string] : []))),
  ];
  const accepted = (name: string): { name: string; problems: () => readonly string[] } => ({ name, problems: () => [] });
  const words = (field: string): string[] => listAt(input, field).filter((word) => typeof word === 'string');
  const parsed = parsePipelineInput(input, {
    symbols: words('symbols').map((symbol) => ({ symbol, enabled: true, priority: 3 })),
    sources: { names: words('sourceTypes'), byDefault: [] },
    strategies: namesIn('strategies', 'name').map(accepted),
    activities: namesIn('tasks', 'activity').map(accepted),
    now,
    clock: now,
  });
  return 'config' in parsed ? parsed.config : undefined;
}

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** Translates zod's issues into the user's words: the field, what is wrong with it, what to write instead. */
function inputProblems(issues: readonly z.core.$ZodIssue[], given: unknown, schema: z.ZodType): Problem[] {
  return issues.flatMap((issue): Problem[] => {
    const where = fieldPath(issue.path);
    switch (issue.code) {
      case 'unrecognized_keys': {
        const known = keysAt(schema, issue.path);
        const what = issue.path.at(-1) === 'byError' ? 'error type' : 'field';
        return issue.keys.map((key) => ({
          where: fieldPath([...issue.path, key]),
          message: `unknown ${what}${didYouMean(key, known) || `; the ${what}s here are ${known.join(', ')}`}`,
        }));
      }
      case 'invalid_type': {
        const value = valueAt(given, issue.path);
        const expected = EXPECTED[issue.expected] ?? issue.expected;
        return [
          { where, message: value === undefined ? `is missing; write ${expected}` : `must be ${expected}, not ${describeValue(value)}` },
        ];
      }
      default:
        return [{ where, message: issueWords(issue) }];
    }
  });
}

/** Finds retries whose longest wait is shorter than their first wait. */
function retryProblems(given: unknown): Problem[] {
  const places: [where: string, retry: unknown][] = [['retry', recordOf(given).retry]];
  for (const stage of STAGES) places.push([`stages.${stage}.retry`, recordOf(recordOf(recordOf(given).stages)[stage]).retry]);
  for (const [index, task] of listAt(given, 'tasks').entries()) places.push([`tasks[${index}]`, task]);
  const rules = places.flatMap(([where, retry]) =>
    Object.entries(recordOf(recordOf(retry).byError)).map(([type, rule]): [string, unknown] => [`${where}.byError.${type}`, rule]),
  );
  return [...places, ...rules].flatMap(([where, retry]): Problem[] => {
    const { retryDelay, maxDelay } = recordOf(retry);
    if (typeof retryDelay !== 'string' || typeof maxDelay !== 'string' || !(durationMs(maxDelay) < durationMs(retryDelay))) return [];
    return [{ where: `${where}.maxDelay`, message: `${maxDelay} is shorter than retryDelay ${retryDelay}; make it at least as long` }];
  });
}

function valueAt(given: unknown, path: readonly PropertyKey[]): unknown {
  let value = given;
  for (const part of path) {
    if (Array.isArray(value)) value = value[Number(part)];
    else value = isRecord(value) ? value[String(part)] : undefined;
  }
  return value;
}

/** Names of the fields that the object at a path of the input may have. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at: unknown = unwrapped(schema);
  for (const part of path) {
    if (at instanceof z.ZodObject) at = unwrapped(at.shape[String(part)]);
    else if (at instanceof z.ZodArray) at = unwrapped(at.element);
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

function unwrapped(schema: unknown): unknown {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodNullable ? unwrapped(schema.unwrap()) : schema;
}
