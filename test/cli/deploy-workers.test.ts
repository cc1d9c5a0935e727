import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { requireWorkers } from '../../src/cli/commands/deploy-routes.ts';
import type { DeploymentView } from '../../src/client/deployments/deployments.ts';

const VERSION = { name: 'desk', buildId: '0.1.0+new' };

/** A deployment with `workers` polling for the new build, `unversioned` for the queue without a version, and many for another build. */
const standing = (workers: number, unversioned: number): DeploymentView => ({
  name: 'desk',
  taskQueue: 'predictlab',
  current: null,
  ramping: null,
  versions: [
    { buildId: '0.1.0+old', state: 'current', workers: 9, openRuns: 0 },
    { buildId: VERSION.buildId, state: 'inactive', workers, openRuns: 0 },
  ] as unknown as DeploymentView['versions'],
  unversioned: { workers: unversioned, openRuns: 0 },
});

test('a promotion waits for a worker that Temporal lists a moment later, and stops asking once a worker is listed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(4), fc.boolean(), async (late, versioned) => {
      let asked = 0;
      const now = () => (versioned ? standing(asked >= late ? 1 : 0, 0) : standing(0, asked >= late ? 1 : 0));
      const look = async () => {
        asked++;
        return now();
      };
      await requireWorkers(look, now(), versioned ? VERSION : null, { withinMs: 10_000, everyMs: 0 });
      expect(asked).toBe(late);
    }),
  );
});

test('a promotion without a worker is refused with a sentence that names the worker to start', async () => {
  const times = { withinMs: 20, everyMs: 5 };
  const of = (version: typeof VERSION | null, view: DeploymentView) => requireWorkers(async () => view, view, version, times);
  await expect(of(VERSION, standing(0, 5))).rejects.toMatchObject({
    exitCode: 2,
    message:
      'no worker of build 0.1.0+new polls task queue "predictlab": new runs would wait; start one first (`PREDICTLAB_DEPLOYMENT=desk predictlab worker` of that build)',
  });
  await expect(of(null, standing(5, 0))).rejects.toMatchObject({ message: expect.stringMatching(/^no unversioned worker polls/) });
});
