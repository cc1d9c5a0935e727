import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deploymentTroubles } from '../../src/client/deployments/deployment-troubles.ts';
import type { DeployedVersion, DeploymentView } from '../../src/client/deployments/deployments.ts';
import { missingWorker, type Polling } from '../../src/client/deployments/polling.ts';
import { type Release, rollbackTarget } from '../../src/client/deployments/rollback-target.ts';
import { candidateVersion, workerVersion } from '../../src/contracts/worker/deployment-version.ts';

const version = (buildId: string, more: Partial<DeployedVersion> = {}): DeployedVersion => ({
  buildId,
  state: 'inactive',
  workers: 1,
  openRuns: 0,
  currentAt: null,
  retiredAt: null,
  ...more,
});
const view = (more: Partial<DeploymentView> = {}): DeploymentView => ({
  name: 'predictlab',
  taskQueue: 'predictlab',
  current: null,
  ramping: null,
  versions: [],
  unversioned: { workers: 0, openRuns: 0 },
  ...more,
});

describe('a rollback', () => {
  it('undoes releases one by one, in whatever order they were promoted and rolled back', () => {
    const step = fc.oneof(fc.record({ promote: fc.constantFrom('a', 'b', 'c', 'd') }), fc.constant('rollback' as const));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const were: (string | null)[] = [null];
        const releases: Release[] = [];
        for (const one of steps) {
          const current = were.at(-1) ?? null;
          if (one === 'rollback') {
            const target = rollbackTarget(view({ current }), releases);
            expect(target).toEqual(were.length === 1 ? undefined : { kind: 'set-current', build: current, to: were.at(-2) });
            if (target === undefined) continue;
            were.pop();
            releases.push({ action: 'rollback', from: current, to: target.to });
          } else if (one.promote !== current) {
            were.push(one.promote);
            releases.push({ action: 'promote', from: current, to: one.promote });
          }
        }
      }),
    );
  });

  it('goes on from the recorded releases when a recorded rollback began at another build', () => {
    const releases: Release[] = [
      { action: 'promote', from: 'a', to: 'b' },
      { action: 'rollback', from: 'x', to: 'a' },
    ];
    expect(rollbackTarget(view({ current: 'b' }), releases)).toEqual({ kind: 'set-current', build: 'b', to: 'a' });
  });

  it('ends a canary before it changes the current build', () => {
    const ramping = { buildId: 'b', percent: 10 };
    expect(rollbackTarget(view({ current: 'a', ramping }), [{ action: 'promote', from: null, to: 'a' }])).toEqual({
      kind: 'end-ramp',
      build: 'b',
      to: 'a',
    });
    expect(rollbackTarget(view({ ramping }), [])).toEqual({ kind: 'end-ramp', build: 'b', to: null });
  });

  it('returns to the build that was retired last when another tool changed the current build, and never to a build that was rolled back', () => {
    const versions = [
      version('a', { currentAt: '2026-01-01', retiredAt: '2026-01-02' }),
      version('b', { currentAt: '2026-01-02', retiredAt: '2026-01-03' }),
      version('c', { currentAt: '2026-01-03' }),
    ];
    expect(rollbackTarget(view({ current: 'c', versions }), [])).toMatchObject({ to: 'b' });
    const takenBack: Release = { action: 'rollback', from: 'b', to: 'c' };
    expect(rollbackTarget(view({ current: 'c', versions }), [takenBack])).toMatchObject({ to: 'a' });
    const again: Release = { action: 'promote', from: 'a', to: 'b' };
    expect(rollbackTarget(view({ current: 'c', versions }), [takenBack, again])).toMatchObject({ to: 'b' });
    expect(rollbackTarget(view({ current: 'c', versions }), [takenBack, { ...again, to: 'a' }])).toMatchObject({ to: 'a' });
  });
});

describe('the check for a worker that can take the tasks', () => {
  const build = (buildId: string) => ({ name: 'predictlab', buildId });
  const polling = (current: string | null, pollers: (string | null)[]): Polling => ({
    taskQueue: 'q',
    current: current === null ? null : build(current),
    pollers: pollers.map((one, n) => ({
      identity: String(n),
      version: one === null ? null : build(one),
      seenAt: Date.now() - 1_000,
      up: true,
    })),
  });

  it('of a pinned run considers only workers of its build', () => {
    expect(missingWorker(polling('b', ['a']), build('a'))).toBeUndefined();
    expect(missingWorker(polling('b', ['b', null]), build('a'), { run: 'r' })).toBe(
      'it is pinned to build a, and no worker of that build polls task queue "q": start one of that build, or move the run to the current build with `predictlab deploy adopt r`',
    );
  });

  it('of a new run considers workers of the current build, or unversioned workers while no build is current', () => {
    expect(missingWorker(polling('a', ['a']), null)).toBeUndefined();
    expect(missingWorker(polling(null, [null]), null)).toBeUndefined();
    expect(missingWorker(polling('a', [null, 'b']), null)).toContain('new runs go to build a, and no worker of that build');
    expect(missingWorker(polling(null, ['a']), null)).toContain('no build of it is current yet: `predictlab deploy promote`');
    expect(missingWorker(polling(null, []), null)).toBe('no worker polls task queue "q", start one with `predictlab worker`');
  });

  it('does not count a worker that is gone, and states when it was last seen', () => {
    const { pollers, ...rest } = polling(null, [null]);
    const gone = {
      ...rest,
      pollers: pollers.map((poller) => ({ ...poller, identity: '7@here#0123abcd', seenAt: Date.now() - 40_000, up: false })),
    };
    expect(missingWorker(gone, null)).toBe(
      'no worker polls task queue "q" (the last one, 7@here, was seen 40 s ago), start one with `predictlab worker`',
    );
  });
});

describe('the check for runs that wait for a worker', () => {
  it('reports nothing when every build with open or new runs has workers', () => {
    expect(
      deploymentTroubles(view({ current: 'b', versions: [version('b'), version('a', { openRuns: 2 }), version('old', { workers: 0 })] })),
    ).toEqual([]);
    expect(deploymentTroubles(view({ unversioned: { workers: 1, openRuns: 3 } }))).toEqual([]);
  });

  it.each<readonly [string, Partial<DeploymentView>, RegExp]>([
    [
      'runs of a build that is gone',
      { current: 'b', versions: [version('b'), version('a', { openRuns: 2, workers: 0 })] },
      /^2 open runs wait for build a/,
    ],
    [
      'a current build without workers',
      { current: 'b', versions: [version('b', { workers: 0 })] },
      /^every new run would wait: build b has no worker/,
    ],
    [
      'a canary without workers',
      { current: 'a', ramping: { buildId: 'b', percent: 5 }, versions: [version('b', { workers: 0 }), version('a')] },
      /^5 % of new runs would wait/,
    ],
    ['a first deployment that was not made current', { versions: [version('a')] }, /^new runs wait: no build is current yet/],
    [
      'unversioned workers that get nothing',
      { current: 'a', versions: [version('a')], unversioned: { workers: 2, openRuns: 0 } },
      /^2 unversioned workers poll/,
    ],
  ])('reports %s', (_, more, sentence) => {
    const troubles = deploymentTroubles(view(more));
    expect(troubles.map((one) => one.sentence)).toEqual([expect.stringMatching(sentence)]);
    expect(troubles[0].action).not.toBe('');
  });
});

describe('the version of a worker', () => {
  const build = () => '0.1.0+12345678';
  it('is absent unless a deployment is named, in which case commands assume the name "predictlab"', () => {
    expect(workerVersion({}, build)).toBeUndefined();
    expect(workerVersion({ PREDICTLAB_DEPLOYMENT: 'desk' }, build)).toEqual({ name: 'desk', buildId: '0.1.0+12345678' });
    expect(workerVersion({ PREDICTLAB_DEPLOYMENT: 'desk', PREDICTLAB_BUILD_ID: 'v2' }, build)).toEqual({ name: 'desk', buildId: 'v2' });
    expect(candidateVersion({}, build)).toEqual({ name: 'predictlab', buildId: '0.1.0+12345678' });
  });
  it.each([
    [{ PREDICTLAB_DEPLOYMENT: 'a:b' }, /PREDICTLAB_DEPLOYMENT="a:b": write/],
    [{ PREDICTLAB_DEPLOYMENT: 'a', PREDICTLAB_BUILD_ID: 'v 2' }, /PREDICTLAB_BUILD_ID="v 2": write/],
    [{ PREDICTLAB_BUILD_ID: 'v2' }, /without PREDICTLAB_DEPLOYMENT/],
  ])('is refused when Temporal would not accept it: %j', (env, said) => {
    expect(() => workerVersion(env, build)).toThrow(said);
  });
});
