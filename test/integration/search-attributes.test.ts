import { ApplicationFailure } from '@temporalio/activity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRig, type Rig } from '../support/rig.ts';
import { scriptedStages } from '../support/stages.ts';
import { importTestSymbols } from '../support/symbols.ts';

/** The rig replays every history at its end, with what is set in it. */
describe('the runs that Temporal lists', () => {
  let rig: Rig;
  beforeAll(async () => {
    const stages = scriptedStages(({ taskId }) => {
      if (taskId === 'BBB/clean') throw ApplicationFailure.nonRetryable('broken', 'BadInput');
    });
    rig = await createRig({ stages });
    await importTestSymbols(rig.database, ['AAA', 'BBB']);
    await rig.run({ symbols: ['AAA', 'BBB'], untilStage: 'clean' }, 'half');
    await rig.run({ symbols: ['AAA'], untilStage: 'clean' }, 'whole');
    await rig.run({ symbols: ['BBB'], untilStage: 'clean' }, 'none');
  });
  afterAll(() => rig?.close());

  /** What a query finds of this file's runs, once the server has caught up with all three. */
  const found = async (query: string): Promise<string[]> => {
    const ids: string[] = [];
    for await (const { workflowId } of rig.client.workflow.list({ query: `TaskQueue="${rig.taskQueue}" AND ${query}` }))
      ids.push(workflowId);
    return ids.sort();
  };

  it.each([
    ['PredictLabVerdict="degraded"', ['half']],
    ['PredictLabVerdict="success"', ['whole']],
    ['PredictLabVerdict="failed"', ['none']],
    ['PredictLabVerdict IS NULL AND WorkflowType="pipeline"', []],
    ['PredictLabSymbol="BBB" AND WorkflowType="pipeline"', ['half', 'none']],
    ['PredictLabSymbol="AAA" AND WorkflowType="symbolPipeline"', ['half/AAA', 'whole/AAA']],
  ])('can be found by %s', async (query, ids) => {
    await expect.poll(() => found(query)).toEqual(ids);
  });

  it('have the path of their report page', async () => {
    const metadata: { currentDetails?: string } = await rig.client.workflow.getHandle('half').query('__temporal_workflow_metadata');
    expect(metadata.currentDetails).toMatch(/^degraded: /);
    expect(metadata.currentDetails).toContain(`report: \`${rig.home}/reports/half/index.html\``);
  });
});
