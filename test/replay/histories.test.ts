import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type History, historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { type ReplayResult, Worker } from '@temporalio/worker';
import { globalHandlers } from '@temporalio/worker/lib/workflow/vm-shared.js';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { unhooked } from '../support/unhooked.ts';
import { scenarios } from './scenarios.ts';

/** The histories that `npm run record-histories` wrote. */
const files = readdirSync(fileURLToPath(new URL('histories', import.meta.url)))
  .filter((file) => file.endsWith('.json'))
  .map((file) => `histories/${file}`);

interface RecordedHistory {
  readonly events: readonly { readonly activityTaskScheduledEventAttributes?: { readonly activityType?: { name: string } } }[];
}
const recorded = (file: string) => JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as RecordedHistory;
const historyIn = (file: string) => historyFromJSON(recorded(file));
const workflowIdOf = (file: string) =>
  path
    .basename(file)
    .replace(/(\.\d+)?\.json$/, '')
    .replaceAll('--', '/');

async function replayed(histories: readonly { readonly workflowId: string; readonly history: History }[]): Promise<readonly ReplayResult[]> {
  const results: ReplayResult[] = [];
  const how = { workflowBundle: { codePath: inject('workflowBundle') } };
  for await (const result of Worker.runReplayHistories(how, unhooked(histories))) results.push(result);
  return results;
}

describe('the committed workflow histories', () => {
  /** The error of each file's replay, if any. One worker replays all files, because creating a worker takes longer than a replay. */
  const failures = new Map<string, Error | undefined>();
  beforeAll(async () => {
    const given = files.map((file) => ({ workflowId: workflowIdOf(file), history: historyIn(file) }));
    for (const { workflowId, error } of await replayed(given)) {
      const file = files[failures.size];
      if (workflowIdOf(file) !== workflowId) throw new Error(`the worker received ${file} but replayed ${workflowId}`);
      failures.set(file, error);
    }
  });

  it('cover every scenario', () => {
    expect(
      scenarios()
        .map(({ name }) => name)
        .filter((name) => !files.includes(`histories/${name}.json`)),
    ).toEqual([]);
  });

  it.each(files)('replay against the current workflows: %s', (file) => {
    expect(failures.has(file)).toBe(true);
    expect(failures.get(file)).toBeUndefined();
  });

  it('fail to replay against workflows that schedule another activity', async () => {
    const otherwise = recorded('histories/success--AAA.2.json');
    for (const { activityTaskScheduledEventAttributes: scheduled } of otherwise.events) {
      if (scheduled?.activityType?.name === 'clean') scheduled.activityType.name = 'store';
    }
    const results = await replayed([{ workflowId: 'success/AAA', history: historyFromJSON(otherwise) }]);
    expect(results).toMatchObject([{ error: { name: 'DeterminismViolationError' } }]);
  });

  it('leave no promise hook in the process that replays them', () => {
    expect(globalHandlers.installed).toBe(false);
  });
});
