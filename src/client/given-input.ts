import type { Client } from '@temporalio/client';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { PredictLabError } from '../contracts/errors.ts';
import type { PipelineInput } from '../contracts/run/pipeline-input.ts';
import { redactedPlace } from '../secrets/redact-input.ts';

/** A run that is started again, with its input as the database stores it. */
interface KeptInput {
  readonly runId: string;
  /** The first execution's Temporal run id. */
  readonly executionId: string;
  readonly input: PipelineInput;
}

/**
 * Restores the original arguments of a run's custom tasks. The database does not store values that may be secret; Temporal's history
 * has them (sealed where there is a key) until it is deleted.
 *
 * @throws PredictLabError BadInput when the history was deleted
 */
export async function givenInput(client: Client, { runId, executionId, input }: KeptInput): Promise<PipelineInput> {
  const place = redactedPlace(input);
  if (place === undefined) return input;
  const given = await startedWith(client, { runId, executionId });
  if (given?.tasks === undefined) {
    throw new PredictLabError(
      'BadInput',
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
