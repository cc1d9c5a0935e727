import type { Problem } from '../contracts/errors.ts';
import type { RunConfig } from '../contracts/run/run-config.ts';
import { PAYLOAD_BUDGET } from '../scheduling/payload/budget.ts';
import { encodedBytes, utf8Bytes } from '../scheduling/payload/encoded-bytes.ts';
import { packConfig } from '../scheduling/payload/pack-config.ts';

/** Far more than a person writes; what is nested deeper overflows whoever walks it. */
const DEEPEST = 100;
/** An id of a workflow or an activity in Temporal. Bytes. */
const LONGEST_ID = 1_000;
/** What a run's state at least takes for a symbol or a custom task that waits for another attempt. Bytes. */
const LEAST_STATE = 25;
/** What each symbol's workflow is told of its policies. Bytes. */
const LONGEST_CALL = 100_000;

/**
 * Whether an input can be walked at all: lists and objects inside each other, without recursion, and no field that JavaScript
 * drops when it copies an object.
 */
export function shapeProblems(given: unknown): Problem[] {
  let level: { value: object; path: string }[] = isNested(given) ? [{ value: given, path: '' }] : [];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) {
      const [{ path }] = level;
      return [{ where: path.split('.').slice(0, 3).join('.'), message: `is nested more than ${DEEPEST} levels deep; flatten it` }];
    }
    const lost = level.find(({ value }) => Object.hasOwn(value, '__proto__'));
    if (lost !== undefined)
      return [
        {
          where: lost.path === '' ? 'input' : lost.path,
          message: 'has a field named __proto__, which no JavaScript keeps; give it another name',
        },
      ];
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
 * What can never travel through Temporal, whatever is left out of it: better said before the first task than a run that hangs.
 *
 * @param runId where the run has one already
 */
export function sizeProblems(config: RunConfig, runId?: string): Problem[] {
  const problems: Problem[] = [];
  const bytes = encodedBytes(packConfig(config));
  if (bytes > PAYLOAD_BUDGET) problems.push({ where: largestOf(config), message: tooLarge('the settings of this run', bytes) });
  const policies = encodedBytes(Object.values(config.stages).map(({ policy }) => policy));
  if (policies > LONGEST_CALL) problems.push({ where: 'stages', message: tooLarge('the stages’ retries', policies, LONGEST_CALL) });
  const lanes = config.symbols.length + config.tasks.length;
  if (lanes * LEAST_STATE > PAYLOAD_BUDGET) {
    const most = Math.floor(PAYLOAD_BUDGET / LEAST_STATE);
    problems.push({
      where: config.symbols.length > config.tasks.length ? 'symbols' : 'tasks',
      message: `${lanes} symbols and tasks are more than one run can keep track of (${most}); split it into several runs`,
    });
  }
  if (runId !== undefined) {
    for (const [index, { symbol }] of config.symbols.entries()) {
      const id = utf8Bytes(`${runId}/${symbol}`);
      if (id <= LONGEST_ID) continue;
      problems.push({
        where: `symbols[${index}]`,
        message: `the run’s id and this symbol have ${id} bytes, and Temporal takes ${LONGEST_ID}; give the run a shorter id`,
      });
      break;
    }
  }
  return problems;
}

const tooLarge = (what: string, bytes: number, limit = PAYLOAD_BUDGET): string =>
  `${what} take ${kilobytes(bytes)}, and Temporal carries ${kilobytes(limit)} at once; give it less (data belongs in a file or a table, the task gets its name), or split the run`;

const kilobytes = (bytes: number): string => `${Math.ceil(bytes / 1_000)} KB`;

/** The field that takes the most. */
function largestOf({ symbols, strategies, tasks }: RunConfig): string {
  const sizes = tasks.map(encodedBytes);
  const sum = sizes.reduce((total, size) => total + size, 0);
  if (Math.max(encodedBytes(symbols), encodedBytes(strategies)) > sum)
    return encodedBytes(symbols) > encodedBytes(strategies) ? 'symbols' : 'strategies';
  const largest = sizes.indexOf(Math.max(...sizes));
  return sizes[largest] > sum / 10 ? `tasks[${largest}]` : 'tasks';
}
