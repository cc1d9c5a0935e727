import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type History, historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { type ReplayResult, Worker } from '@temporalio/worker';
import { globalHandlers } from '@temporalio/worker/lib/workflow/vm-shared.js';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { unhooked } from '../support/unhooked.ts';
import { scenarios } from './scenarios.ts';

/** `histories` are written by `npm run record-histories`; the folders beside it once, by earlier versions, and stay. */
const files = readdirSync(fileURLToPath(new URL('.', import.meta.url)), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name.startsWith('histories'))
  .flatMap(({ name }) => readdirSync(fileURLToPath(new URL(name, import.meta.url))).map((file) => `${name}/${file}`))
  .filter((file) => file.endsWith('.json'));

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

describe('committed histories', () => {
  /** Of each file what it fails by. One worker replays them all, one after the other: making a worker takes longer than a replay. */
  const failures = new Map<string, Error | undefined>();
  beforeAll(async () => {
    const given = files.map((file) => ({ workflowId: workflowIdOf(file), history: historyIn(file) }));
    for (const { workflowId, error } of await replayed(given)) {
      const file = files[failures.size];
      if (workflowIdOf(file) !== workflowId) throw new Error(`the worker was given ${file} and replayed ${workflowId}`);
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

  it.each(files)('%s replays against the current workflows', (file) => {
    expect(failures.has(file)).toBe(true);
    expect(failures.get(file)).toBeUndefined();
  });

  it('of runs that were open when payloads became references still hold them inline', () => {
    const started = historyIn('histories-inline/success--AAA.2.json').events?.[0].workflowExecutionStartedEventAttributes;
    expect(Buffer.from(started?.input?.payloads?.[0].data ?? []).toString()).toContain('"settings":{');
  });

  it('of a run in which nothing succeeded hold both ends: Completed as it was written first, and Failed with the result', () => {
    const closing = (file: string) => historyIn(file).events?.at(-1);
    const completed = closing('histories-degraded/nothing-succeeded.json')?.workflowExecutionCompletedEventAttributes;
    expect(Buffer.from(completed?.result?.payloads?.[0].data ?? []).toString()).toContain('"result":"degraded"');
    const failure = closing('histories/nothing-succeeded.json')?.workflowExecutionFailedEventAttributes?.failure;
    expect(failure?.applicationFailureInfo).toMatchObject({ type: 'NothingSucceeded', nonRetryable: true });
    expect(Buffer.from(failure?.applicationFailureInfo?.details?.payloads?.[0].data ?? []).toString()).toContain('"result":"failed"');
  });

  it('do not replay where the workflows do something else than they say', async () => {
    const otherwise = recorded('histories/success--AAA.2.json');
    for (const { activityTaskScheduledEventAttributes: scheduled } of otherwise.events) {
      if (scheduled?.activityType?.name === 'clean') scheduled.activityType.name = 'store';
    }
    const results = await replayed([{ workflowId: 'success/AAA', history: historyFromJSON(otherwise) }]);
    expect(results).toMatchObject([{ error: { name: 'DeterminismViolationError' } }]);
  });

  it('leave nothing hooked in the process that replays them', () => {
    expect(globalHandlers.installed).toBe(false);
  });
});
