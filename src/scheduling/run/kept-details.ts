import type { Json } from '../../contracts/run/pipeline-input.ts';
import type { LeftOut, TaskError } from '../../contracts/run/pipeline-status.ts';
import { cutError, cutText } from '../../contracts/text/cut-text.ts';
import { DETAIL_BUDGET, encodedBytes, SMALL_OUTPUT } from '../payload/budget.ts';
import type { StatusDetail } from './run-events.ts';

/**
 * Details that a run keeps of its tasks: errors, outputs, reasons of a degraded success. They travel with the run's state, so they have
 * a budget. When they exceed it the run drops one kind of detail at a time, for good: stacks first, then large outputs, then all
 * outputs (the ledger has them), then the ends of messages, then the messages.
 */
export interface KeptDetails {
  /** Index into LEVELS; 0 keeps everything. */
  level: number;
  /** Bytes of the errors and outputs that are kept; equal errors count once. */
  bytes: number;
  /** Distinct errors by their JSON, so that equal ones are kept once. */
  readonly errors: Map<string, TaskError>;
  /** Distinct lists of reasons by their JSON, so that equal ones are kept once. */
  readonly reasons: Map<string, readonly string[]>;
  reasonBytes: number;
}

interface Keeping {
  readonly detail: StatusDetail;
  readonly graph: { readonly symbolOf: Int32Array };
  readonly outputs: Map<number, Json>;
  readonly errors: Map<number, TaskError>;
  readonly degraded: Map<number, readonly string[]>;
  readonly details: KeptDetails;
}

/** Empty details, for a run whose tasks have no details yet. */
export const noDetails = (): KeptDetails => ({ level: 0, bytes: 0, errors: new Map(), reasons: new Map(), reasonBytes: 0 });

interface DetailLevel {
  readonly stacks: boolean;
  /** Maximum number of bytes of an output. */
  readonly outputs: number;
  /** Maximum number of characters of an error's message; 0 keeps only the error's type. */
  readonly message: number;
  readonly types: boolean;
}

const EVERYTHING: DetailLevel = { stacks: true, outputs: Number.POSITIVE_INFINITY, message: Number.POSITIVE_INFINITY, types: true };
const WITHOUT_OUTPUTS = { stacks: false, outputs: 0, types: true };
const LEVELS: readonly DetailLevel[] = [
  EVERYTHING,
  { ...EVERYTHING, stacks: false },
  { ...EVERYTHING, stacks: false, outputs: SMALL_OUTPUT },
  { ...EVERYTHING, stacks: false, outputs: 0 },
  { ...WITHOUT_OUTPUTS, message: 300 },
  { ...WITHOUT_OUTPUTS, message: 120 },
  { ...WITHOUT_OUTPUTS, message: 60 },
  { ...WITHOUT_OUTPUTS, message: 0 },
  { ...WITHOUT_OUTPUTS, message: 0, types: false },
];

const LEFT_OUT = 'left out of a large run; the task’s log has it';

/** Keeps the error of a task, and drops details if the budget is exceeded. @internal */
export function keepError(state: Keeping, task: number, error: TaskError): void {
  state.errors.set(task, kept(state.details, reducedError(error, LEVELS[state.details.level])));
  dropUntilTheyFit(state);
}

/** Keeps the output of a task, and drops details if the budget is exceeded. @internal */
export function keepOutput(state: Keeping, task: number, output: Json): void {
  if (output === null || output === undefined) return;
  // The status of a run with many symbols has no stages, so their outputs are not kept.
  if (state.detail === 'symbol' && state.graph.symbolOf[task] >= 0) return;
  const { details } = state;
  const bytes = encodedBytes(output);
  if (bytes > LEVELS[details.level].outputs) return;
  state.outputs.set(task, output);
  details.bytes += bytes;
  dropUntilTheyFit(state);
}

/** Maximum number of bytes of distinct reasons; beyond it, a run records only that a task was degraded. */
const MAX_REASONS_BYTES = 100_000;
const MAX_REASON_LENGTH = 1_000;
const MAX_REASONS = 20;
const UNNAMED_REASON = ['degraded; the symbol’s report says why'];

/** Keeps the reasons why a task's success is degraded. @internal */
export function keepDegraded(state: Keeping, task: number, given: readonly string[]): void {
  if (given.length === 0) return;
  const reasons = given.slice(0, MAX_REASONS).map((reason) => cutText(reason, MAX_REASON_LENGTH));
  const { details } = state;
  const key = JSON.stringify(reasons);
  let known = details.reasons.get(key);
  if (known === undefined) {
    const bytes = encodedBytes(reasons);
    known = details.reasonBytes + bytes > MAX_REASONS_BYTES ? UNNAMED_REASON : reasons;
    if (known === reasons) {
      details.reasonBytes += bytes;
      details.reasons.set(key, reasons);
    }
  }
  state.degraded.set(task, known);
}

/** Moves to the next level and drops the details that it does not keep. @returns false when there is no further level @internal */
export function dropNextDetail(state: Keeping): boolean {
  const { details, errors, outputs } = state;
  if (details.level === LEVELS.length - 1) return false;
  details.level++;
  details.bytes = 0;
  details.errors.clear();
  for (const [task, error] of errors) errors.set(task, kept(details, reducedError(error, LEVELS[details.level])));
  for (const [task, output] of outputs) {
    const bytes = encodedBytes(output);
    if (bytes <= LEVELS[details.level].outputs) details.bytes += bytes;
    else outputs.delete(task);
  }
  return true;
}

function dropUntilTheyFit(state: Keeping): void {
  while (state.details.bytes > DETAIL_BUDGET && dropNextDetail(state));
}

function kept(details: KeptDetails, error: TaskError): TaskError {
  const key = JSON.stringify(error);
  const known = details.errors.get(key);
  if (known !== undefined) return known;
  details.errors.set(key, error);
  details.bytes += encodedBytes(error);
  return error;
}

function reducedError(given: TaskError, { stacks, message, types }: DetailLevel): TaskError {
  const error = cutError(given);
  if (stacks) return error;
  if (message > 0) return { type: error.type, message: cutText(error.message, message) };
  return { type: types ? error.type : 'Error', message: LEFT_OUT };
}

/** The kinds of details that a run no longer keeps. */
export function leftOutOf({ level }: KeptDetails): readonly LeftOut[] {
  const { stacks, outputs, message } = LEVELS[level];
  return [
    ...(stacks ? [] : (['stacks'] as const)),
    ...(outputs === Number.POSITIVE_INFINITY ? [] : (['outputs'] as const)),
    ...(message === Number.POSITIVE_INFINITY ? [] : (['messages'] as const)),
  ];
}
