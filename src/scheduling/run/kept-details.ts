import type { Json } from '../../contracts/run/pipeline-input.ts';
import type { LeftOut, TaskError } from '../../contracts/run/pipeline-status.ts';
import { cutError, cutText } from '../../contracts/text/cut-text.ts';
import { DETAIL_BUDGET, SMALL_OUTPUT } from '../payload/budget.ts';
import { encodedBytes } from '../payload/encoded-bytes.ts';
import type { StatusDetail } from './run-events.ts';

/**
 * What is known of each task beside its status: errors, outputs, reasons of a degraded success. It travels with the run's state,
 * so it has a budget. Past that the run becomes thriftier for good, one degree at a time: stacks go first, then large outputs,
 * then all outputs (the ledger has them), then the ends of messages, at last the messages.
 */
export interface KeptDetails {
  /** Index into DEGREES; 0 keeps everything. */
  thrift: number;
  /** Of the errors and outputs that are kept; equal errors count once. */
  bytes: number;
  /** Distinct errors by their JSON, so that equal ones are kept once. */
  readonly errors: Map<string, TaskError>;
  /** Distinct lists of reasons, likewise. */
  readonly reasons: Map<string, readonly string[]>;
  reasonBytes: number;
}

/** The part of a run's state that keeps them. */
interface Keeping {
  readonly detail: StatusDetail;
  readonly graph: { readonly symbolOf: Int32Array };
  readonly outputs: Map<number, Json>;
  readonly errors: Map<number, TaskError>;
  readonly degraded: Map<number, readonly string[]>;
  readonly details: KeptDetails;
}

/** Nothing kept yet. */
export const noDetails = (): KeptDetails => ({ thrift: 0, bytes: 0, errors: new Map(), reasons: new Map(), reasonBytes: 0 });

/** One degree of thrift: what is still kept. */
interface Degree {
  readonly stacks: boolean;
  /** Up to so many bytes each. */
  readonly outputs: number;
  /** Characters; 0 keeps the type alone. */
  readonly message: number;
  readonly types: boolean;
}

const EVERYTHING: Degree = { stacks: true, outputs: Number.POSITIVE_INFINITY, message: Number.POSITIVE_INFINITY, types: true };
const SPARING = { stacks: false, outputs: 0, types: true };
const DEGREES: readonly Degree[] = [
  EVERYTHING,
  { ...EVERYTHING, stacks: false },
  { ...EVERYTHING, stacks: false, outputs: SMALL_OUTPUT },
  { ...EVERYTHING, stacks: false, outputs: 0 },
  { ...SPARING, message: 300 },
  { ...SPARING, message: 120 },
  { ...SPARING, message: 60 },
  { ...SPARING, message: 0 },
  { ...SPARING, message: 0, types: false },
];

const LEFT_OUT = 'left out of a large run; the task’s log has it';

/** @internal */
export function keepError(state: Keeping, task: number, error: TaskError): void {
  state.errors.set(task, kept(state.details, thriftyError(error, DEGREES[state.details.thrift])));
  economise(state);
}

/** @internal */
export function keepOutput(state: Keeping, task: number, output: Json): void {
  if (output === null || output === undefined) return;
  // In runs of many symbols nobody reads the stages' outputs from the status.
  if (state.detail === 'symbol' && state.graph.symbolOf[task] >= 0) return;
  const { details } = state;
  const bytes = encodedBytes(output);
  if (bytes > DEGREES[details.thrift].outputs) return;
  state.outputs.set(task, output);
  details.bytes += bytes;
  economise(state);
}

/** Distinct reasons are kept up to so many bytes; past that a run keeps only that there was one. */
const REASONS_BYTES = 100_000;
const LONGEST_REASON = 1_000;
const MOST_REASONS = 20;
const UNNAMED_REASON = ['degraded; the symbol’s report says why'];

/** @internal */
export function keepDegraded(state: Keeping, task: number, given: readonly string[]): void {
  if (given.length === 0) return;
  const reasons = given.slice(0, MOST_REASONS).map((reason) => cutText(reason, LONGEST_REASON));
  const { details } = state;
  const key = JSON.stringify(reasons);
  let known = details.reasons.get(key);
  if (known === undefined) {
    const bytes = encodedBytes(reasons);
    known = details.reasonBytes + bytes > REASONS_BYTES ? UNNAMED_REASON : reasons;
    if (known === reasons) {
      details.reasonBytes += bytes;
      details.reasons.set(key, reasons);
    }
  }
  state.degraded.set(task, known);
}

/** Takes one step: whatever the next degree of thrift leaves out goes. @returns false when there is none @internal */
export function economiseOnce(state: Keeping): boolean {
  const { details, errors, outputs } = state;
  if (details.thrift === DEGREES.length - 1) return false;
  details.thrift++;
  details.bytes = 0;
  details.errors.clear();
  for (const [task, error] of errors) errors.set(task, kept(details, thriftyError(error, DEGREES[details.thrift])));
  for (const [task, output] of outputs) {
    const bytes = encodedBytes(output);
    if (bytes <= DEGREES[details.thrift].outputs) details.bytes += bytes;
    else outputs.delete(task);
  }
  return true;
}

function economise(state: Keeping): void {
  while (state.details.bytes > DETAIL_BUDGET && economiseOnce(state));
}

function kept(details: KeptDetails, error: TaskError): TaskError {
  const key = JSON.stringify(error);
  const known = details.errors.get(key);
  if (known !== undefined) return known;
  details.errors.set(key, error);
  details.bytes += encodedBytes(error);
  return error;
}

/** What a degree leaves of an error. */
function thriftyError(given: TaskError, { stacks, message, types }: Degree): TaskError {
  const error = cutError(given);
  if (stacks) return error;
  if (message > 0) return { type: error.type, message: cutText(error.message, message) };
  return { type: types ? error.type : 'Error', message: LEFT_OUT };
}

/** What the details of a run lack, of all that its tasks said. */
export function leftOutOf({ thrift }: KeptDetails): readonly LeftOut[] {
  const { stacks, outputs, message } = DEGREES[thrift];
  return [
    ...(stacks ? [] : (['stacks'] as const)),
    ...(outputs === Number.POSITIVE_INFINITY ? [] : (['outputs'] as const)),
    ...(message === Number.POSITIVE_INFINITY ? [] : (['messages'] as const)),
  ];
}
