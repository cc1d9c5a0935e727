import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { describe, expect, inject, it } from 'vitest';
import { scenarios } from './scenarios.ts';

const folder = fileURLToPath(new URL('histories', import.meta.url));
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
const historyIn = (file: string) => historyFromJSON(JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')));
const workflowIdOf = (file: string) => file.replace(/(\.\d+)?\.json$/, '').replaceAll('--', '/');

describe('committed histories', () => {
  it('cover every scenario', () => {
    expect(
      scenarios()
        .map(({ name }) => name)
        .filter((name) => !files.includes(`${name}.json`)),
    ).toEqual([]);
  });

  it.each(files)('%s replays against the current workflows', async (file) => {
    await Worker.runReplayHistory({ workflowBundle: { codePath: inject('workflowBundle') } }, historyIn(file), workflowIdOf(file));
  });

  it('do not replay against workflows that do something else', async () => {
    const workflowsPath = fileURLToPath(new URL('broken/index.ts', import.meta.url));
    const bundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
    await expect(Worker.runReplayHistory({ workflowBundle: bundle }, historyIn('success.json'), 'success')).rejects.toMatchObject({
      name: 'DeterminismViolationError',
    });
  });
});
