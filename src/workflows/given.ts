import type { RunOrigin } from '../contracts/run/run-config.ts';
import type { TaskReport } from '../contracts/task/stage-report.ts';
import { STAGES } from '../contracts/words.ts';

/**
 * Checks of arguments that come from outside. Workflow code that throws any error but one of Temporal's failures is retried without end.
 * Does not use zod, which each symbol's workflow would have to load.
 */

type Fields = { readonly [field: string]: unknown };

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string' && value.length > 0;
const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && Math.abs(value) <= 8.64e15;
const isCount = (value: unknown): boolean => typeof value === 'number' && Number.isInteger(value) && value >= 0;
const isError = (value: unknown): boolean =>
  isObject(value) &&
  typeof value.type === 'string' &&
  typeof value.message === 'string' &&
  (value.stack === undefined || typeof value.stack === 'string');
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every((each) => typeof each === 'string');

/** Whether the arguments of a signal are those that `symbolPipeline` sends to its parent. */
export function areReports(lane: unknown, reports: unknown): reports is readonly TaskReport[] {
  return isText(lane) && Array.isArray(reports) && reports.every(isReport);
}

function isReport(report: unknown): boolean {
  if (!isObject(report) || !isText(report.taskId) || !isTime(report.at)) return false;
  if (report.kind === 'started') return true;
  if (!isTime(report.startedAt) || !isCount(report.attempts)) return false;
  switch (report.kind) {
    case 'succeeded':
      return report.degraded === undefined || isTexts(report.degraded);
    case 'failed':
      return isError(report.error);
    case 'retryLater':
      return isError(report.error) && isCount(report.failures) && isTime(report.retryAt);
    default:
      return report.kind === 'cancelled';
  }
}

/** What is wrong with the input of `symbolPipeline`, in one sentence; undefined for the input that `pipeline` passes. */
export function symbolInputProblem(input: unknown): string | undefined {
  const advice = 'symbolPipeline is started by the pipeline workflow; start that with { "symbols": ["…"] }';
  if (!isObject(input)) return `the input is not an object; ${advice}`;
  const missing = ['runId', 'executionId', 'symbol'].find((field) => !isText(input[field]));
  if (missing !== undefined) return `${missing} is missing; ${advice}`;
  const { stages, policies, signalStages, little, earlier, done } = input;
  if (!areStages(stages) || stages.length === 0) return `stages must name some of ${STAGES.join(', ')}, in this order; ${advice}`;
  if (signalStages !== undefined && !areStages(signalStages)) return `signalStages must name stages; ${advice}`;
  if (policies !== undefined && !(isObject(policies) && Object.values(policies).every(isPolicy)))
    return `policies must be retry policies by stage; ${advice}`;
  if (little !== undefined && !isObject(little)) return `little must be an object; ${advice}`;
  if (done !== undefined && !(Array.isArray(done) && done.every((each, i) => isObject(each) && each.stage === stages[i])))
    return `done must report the first stages; ${advice}`;
  if (earlier !== undefined && !(isObject(earlier) && isCount(earlier.attempts))) return `earlier must count attempts; ${advice}`;
  return undefined;
}

const areStages = (value: unknown): value is readonly unknown[] =>
  Array.isArray(value) &&
  value.every(
    (each, i) => (STAGES as readonly unknown[]).indexOf(each) > (i === 0 ? -1 : (STAGES as readonly unknown[]).indexOf(value[i - 1])),
  );

const isPolicy = (value: unknown): boolean =>
  isObject(value) && ['maxRetries', 'retryDelayMs', 'backoff', 'maxDelayMs', 'timeoutMs'].every((field) => isTime(value[field]));

/** What is wrong with the second argument of `pipeline`, in one sentence. */
export function originProblem(options: unknown): string | undefined {
  const advice = 'leave the second argument out; `predictlab retry` and the run itself pass it';
  if (!isObject(options)) return `the options are not an object; ${advice}`;
  const { retryOf, exclusive, continued } = options as RunOrigin;
  if (retryOf !== undefined && !isText(retryOf)) return `retryOf must be the id of an execution; ${advice}`;
  if (exclusive !== undefined && typeof exclusive !== 'boolean') return `exclusive must be true or false; ${advice}`;
  if (continued === undefined) return undefined;
  if (!isObject(continued) || !isTime(continued.startedAt) || !isObject(continued.state))
    return `continued is not the state of a run; ${advice}`;
  return undefined;
}
