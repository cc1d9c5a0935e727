import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { badInput, InvalidPipelineError } from '../../contracts/errors.ts';
import type { PipelineInput } from '../../contracts/run/pipeline-input.ts';
import type { RunOrigin } from '../../contracts/run/run-config.ts';
import { checkedId } from '../../contracts/text/checked-id.ts';
import { cutText } from '../../contracts/text/cut-text.ts';
import { encodedBytes, fitSummary, PAYLOAD_BUDGET } from '../../scheduling/payload/budget.ts';
import { redactedPlace, redactInput } from '../../secrets/redact-input.ts';
import type { pipeline } from '../../workflows/pipeline.ts';

export interface StartedRun {
  readonly runId: string;
  /** The first execution's Temporal run id. */
  readonly executionId: string;
}

export interface StartOptions extends RunOrigin {
  /** The run's id. @default `pipeline-<UTC stamp>` */
  readonly runId?: string;
}

/** Starts a run without waiting for its end. @throws PredictLabError BadInput when a run with that id is open, or the id is not valid */
export async function startPipeline(
  { client, taskQueue }: { readonly client: Client; readonly taskQueue: string },
  input: PipelineInput,
  { runId = `pipeline-${runStamp(new Date())}-${randomUUID().slice(0, 4)}`, ...options }: StartOptions,
): Promise<StartedRun> {
  checkedId('run', runId);
  await refuseTooLarge(input);
  const bytes = encodedBytes([input, options]);
  if (bytes > PAYLOAD_BUDGET) {
    const [kb, most] = [bytes, PAYLOAD_BUDGET].map((size) => Math.ceil(size / 1_000));
    throw new InvalidPipelineError([
      {
        where: 'input',
        message: `has ${kb} KB, and Temporal carries ${most} KB at once; put data into a file or a table, or split the run`,
      },
    ]);
  }
  try {
    const handle = await client.workflow.start<typeof pipeline>('pipeline', {
      taskQueue,
      workflowId: runId,
      args: Object.keys(options).length === 0 ? [input] : [input, options],
      workflowIdConflictPolicy: 'FAIL',
      staticSummary: fitSummary(summaryOf(input)),
    });
    return { runId, executionId: handle.firstExecutionRunId };
  } catch (error) {
    if (error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError') {
      throw badInput(`run ${runId} is already open; give another id, or look at it with \`predictlab watch ${runId}\``, { cause: error });
    }
    throw error;
  }
}

/** Refuses an input that is too large before the run starts. @throws InvalidPipelineError */
async function refuseTooLarge(input: PipelineInput): Promise<void> {
  const place = redactedPlace(redactInput(input));
  if (place === undefined) return;
  // These modules are loaded here, because most inputs have neither a secret nor a body to check.
  const [{ assumedConfig }, { inlineProblems }, { packConfig }] = await Promise.all([
    import('../../input/pipeline-schema.ts'),
    import('../../input/size-problems.ts'),
    import('../../scheduling/payload/pack-config.ts'),
  ]);
  const config = assumedConfig(input, Date.now());
  const problems = config === undefined ? [] : inlineProblems(place, packConfig(config));
  if (problems.length > 0) throw new InvalidPipelineError(problems);
}

/** The time in a run's id, in UTC to the second, such as `2026-11-24T08:00:00Z`. */
const runStamp = (at: Date): string => `${at.toISOString().slice(0, 19)}Z`;

/** Maximum number of characters for the names of symbols in a run's summary. */
const MAX_NAMES_LENGTH = 50;

/** A one-line summary of a run for Temporal's Web UI. */
function summaryOf({ symbols, untilStage = 'visualize' }: PipelineInput): string {
  const which =
    // The input is not checked yet, so `symbols` may be anything; the run reports the problem.
    !Array.isArray(symbols)
      ? 'every enabled symbol'
      : symbols.length === 0
        ? 'custom tasks'
        : symbols.length <= 3
          ? cutText(symbols.join(', '), MAX_NAMES_LENGTH)
          : `${symbols.length} symbols`;
  return `${which} → ${untilStage}`;
}

/** A run that is started again, with its input as the database stores it. */
interface KeptInput {
  readonly runId: string;
  /** The first execution's Temporal run id. */
  readonly executionId: string;
  readonly input: PipelineInput;
}

/**
 * Restores the original arguments of a run's custom tasks from Temporal's history, because the database does not store possible secrets.
 * @throws PredictLabError BadInput when the history was deleted
 */
export async function givenInput(client: Client, { runId, executionId, input }: KeptInput): Promise<PipelineInput> {
  const place = redactedPlace(input);
  if (place === undefined) return input;
  const given = await startedWith(client, { runId, executionId });
  if (given?.tasks === undefined) {
    throw badInput(
      `the input of ${runId} had a secret or a body in ${place}, which only Temporal's history keeps, and that was deleted; start it with \`predictlab run --file\`, and write { "$env": "NAME" } there for runs that are to be retried later`,
    );
  }
  return { ...input, tasks: given.tasks };
}

async function startedWith(client: Client, { runId, executionId }: Omit<KeptInput, 'input'>): Promise<PipelineInput | undefined> {
  const execution = { workflowId: runId, runId: executionId };
  const { namespace, loadedDataConverter } = client.options;
  let answer: Awaited<ReturnType<typeof client.workflowService.getWorkflowExecutionHistory>>;
  try {
    answer = await client.workflowService.getWorkflowExecutionHistory({ namespace, execution, maximumPageSize: 1 });
  } catch {
    return undefined;
  }
  const started = answer.history?.events?.[0]?.workflowExecutionStartedEventAttributes;
  const [input] = await decodeArrayFromPayloads(loadedDataConverter, started?.input?.payloads);
  return input as PipelineInput | undefined;
}
