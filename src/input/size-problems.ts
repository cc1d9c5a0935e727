import type { Problem } from '../contracts/errors.ts';
import type { RunConfig } from '../contracts/run/run-config.ts';
import { CARRIED_INLINE, encodedBytes, PAYLOAD_BUDGET, utf8Bytes } from '../scheduling/payload/budget.ts';
import { packConfig } from '../scheduling/payload/pack-config.ts';

/** Deepest nesting of an input: far more than a person writes, and deeper values overflow the stack of recursive code. */
const MAX_DEPTH = 100;
/** Maximum number of bytes of a workflow or activity id in Temporal. */
const MAX_ID_BYTES = 1_000;
/** Minimum bytes that each symbol or custom task needs in a run's state while it waits for another attempt. */
const MIN_STATE_BYTES = 25;
/** Maximum number of bytes of policies in the input of each symbol's workflow. */
const MAX_POLICIES_BYTES = 100_000;

/** Checks without recursion that an input is not nested too deep and has no field `__proto__`, which copying an object loses. */
export function shapeProblems(given: unknown): Problem[] {
  let level: { value: object; path: string }[] = isNested(given) ? [{ value: given, path: '' }] : [];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) {
      const [{ path }] = level;
      return [{ where: path.split('.').slice(0, 3).join('.'), message: `is nested more than ${MAX_DEPTH} levels deep; flatten it` }];
    }
    const lost = level.find(({ value }) => Object.hasOwn(value, '__proto__'));
    if (lost !== undefined)
      return [{ where: lost.path || 'input', message: 'has a field named __proto__, which no JavaScript keeps; give it another name' }];
    level = level.flatMap(({ value, path }) =>
      Object.entries(value).flatMap(([key, inner]) =>
        isNested(inner) ? [{ value: inner, path: depth < 3 ? (path === '' ? key : `${path}.${key}`) : path }] : [],
      ),
    );
  }
  return [];
}

const isNested = (value: unknown): value is object => typeof value === 'object' && value !== null;

/**
 * Finds parts of a run that are too large for Temporal's payloads even without details; such a run would hang instead of fail.
 * @param runId the run's id, if it has one already
 */
export function sizeProblems(config: RunConfig, runId?: string): Problem[] {
  const problems: Problem[] = [];
  const bytes = encodedBytes(packConfig(config));
  if (bytes > PAYLOAD_BUDGET) problems.push({ where: largestOf(config), message: tooLarge('the settings of this run', bytes) });
  const policies = encodedBytes(Object.values(config.stages).map(({ policy }) => policy));
  if (policies > MAX_POLICIES_BYTES)
    problems.push({ where: 'stages', message: tooLarge('the stages’ retries', policies, MAX_POLICIES_BYTES) });
  const lanes = config.symbols.length + config.tasks.length;
  if (lanes * MIN_STATE_BYTES > PAYLOAD_BUDGET) {
    const most = Math.floor(PAYLOAD_BUDGET / MIN_STATE_BYTES);
    problems.push({
      where: config.symbols.length > config.tasks.length ? 'symbols' : 'tasks',
      message: `${lanes} symbols and tasks are more than one run can keep track of (${most}); split it into several runs`,
    });
  }
  const idBytes = runId === undefined ? [] : config.symbols.map(({ symbol }) => utf8Bytes(`${runId}/${symbol}`));
  const long = idBytes.findIndex((id) => id > MAX_ID_BYTES);
  if (long >= 0)
    problems.push({
      where: `symbols[${long}]`,
      message: `the run’s id and this symbol have ${idBytes[long]} bytes, and Temporal takes ${MAX_ID_BYTES}; give the run a shorter id`,
    });
  return problems;
}

/**
 * Checks the size of an input that contains a secret or a body. The database does not store such an input, so each execution of the run
 * passes it to the next.
 * @param place the first secret or body; undefined where there is none
 * @param carried the packed configuration, or the input before the configuration exists
 */
export function inlineProblems(place: string | undefined, carried: unknown): Problem[] {
  const bytes = place === undefined ? 0 : encodedBytes(carried);
  if (place === undefined || bytes <= CARRIED_INLINE) return [];
  const message = `holds a secret or a body, which the database does not store, so the settings of this run may have at most ${kilobytes(CARRIED_INLINE)} (they have ${kilobytes(bytes)}); write { "$env": "NAME" } and set NAME on the worker, or split the run`;
  return [{ where: place, message }];
}

const tooLarge = (what: string, bytes: number, limit = PAYLOAD_BUDGET): string =>
  `${what} take ${kilobytes(bytes)}, and Temporal carries ${kilobytes(limit)} at once; give it less (data belongs in a file or a table, the task gets its name), or split the run`;

const kilobytes = (bytes: number): string => `${Math.ceil(bytes / 1_000)} KB`;

function largestOf({ symbols, strategies, tasks }: RunConfig): string {
  const sizes = tasks.map(encodedBytes);
  const sum = sizes.reduce((total, size) => total + size, 0);
  if (Math.max(encodedBytes(symbols), encodedBytes(strategies)) > sum)
    return encodedBytes(symbols) > encodedBytes(strategies) ? 'symbols' : 'strategies';
  const largest = sizes.indexOf(Math.max(...sizes));
  return sizes[largest] > sum / 10 ? `tasks[${largest}]` : 'tasks';
}
