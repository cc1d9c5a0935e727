import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { describe, expect, inject, it } from 'vitest';
import { scenarios } from './scenarios.ts';

/** `histories` are written by `npm run record-histories`; the others once, by earlier versions, and stay. */
const historiesIn = (folder: string): string[] =>
  readdirSync(fileURLToPath(new URL(folder, import.meta.url)))
    .filter((file) => file.endsWith('.json'))
    .map((file) => `${folder}/${file}`);
const files = historiesIn('histories');
const inline = historiesIn('histories-inline');
const degraded = historiesIn('histories-degraded');
const historyIn = (file: string) => historyFromJSON(JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')));
const workflowIdOf = (file: string) =>
  path
    .basename(file)
    .replace(/(\.\d+)?\.json$/, '')
    .replaceAll('--', '/');

describe('committed histories', () => {
  it('cover every scenario', () => {
    expect(
      scenarios()
        .map(({ name }) => name)
        .filter((name) => !files.includes(`histories/${name}.json`)),
    ).toEqual([]);
  });

  it.each([...files, ...inline, ...degraded])('%s replays against the current workflows', async (file) => {
    await Worker.runReplayHistory({ workflowBundle: { codePath: inject('workflowBundle') } }, historyIn(file), workflowIdOf(file));
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

  it('do not replay against workflows that do something else', async () => {
    const workflowsPath = fileURLToPath(new URL('broken/index.ts', import.meta.url));
    const bundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
    await expect(Worker.runReplayHistory({ workflowBundle: bundle }, historyIn('histories/success.json'), 'success')).rejects.toMatchObject(
      {
        name: 'DeterminismViolationError',
      },
    );
  });
});
