import { hostname, userInfo } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import type { Command } from 'commander';
import type { DeployedVersion, DeploymentView } from '../../client/deployments/deployments.ts';
import { rollbackTarget } from '../../client/deployments/rollback-target.ts';
import type { PredictLab } from '../../client.ts';
import { candidateVersion, type DeploymentVersion } from '../../contracts/worker/deployment-version.ts';
import type { Database } from '../../storage/database/database.ts';
import { type RecordedRelease, recordRelease, releasesOf } from '../../storage/runs/releases.ts';
import { shadowOfBuild } from '../../storage/shadow/shadow-verdicts.ts';
import { buildId } from '../../worker/build-id.ts';
import { takesNumber } from '../options/parsers.ts';
import { printAnswer, usageError } from '../terminal/print.ts';
import { useDatabase, withPredictLab } from '../terminal/session.ts';

/** Adds `deploy canary`, `deploy promote` and `deploy rollback`, which route new runs. */
export function registerDeployRoutes(deploy: Command): void {
  deploy
    .command('canary')
    .summary('send a share of the new runs to this build')
    .description(
      'Sends a share of the new runs to this build, chosen by run id; the others still go to the current build. Workers of this build must be up.',
    )
    .addOption(
      takesNumber('--percent <n>', 'share of the new runs, above 0, up to 100', {
        least: 0.01,
        most: 100,
        wanted: 'a share above 0, up to 100',
      }).makeOptionMandatory(),
    )
    .option('--require-shadow', 'only when the newest `deploy shadow` of this build returned "same"')
    .option('--json', 'print { deployment, buildId, percent, current }')
    .action(async ({ percent, requireShadow, json }: { percent: number; requireShadow?: boolean; json?: boolean }) => {
      const candidate = candidateVersion(process.env, buildId);
      const { current } = await onDeployment(candidate.name, async ({ lab, database, view, note }) => {
        if (view.current === candidate.buildId)
          throw usageError(`build ${candidate.buildId} already gets every new run; run this command with the new build`);
        if (requireShadow) await requireSame(database, candidate.buildId);
        await requireWorkers(() => lab.deployments.view(view.name), view, candidate);
        await lab.deployments.ramp(candidate, percent);
        await note({ action: 'canary', from: view.current, to: candidate.buildId, percent });
        return view;
      });
      printAnswer(
        json,
        { deployment: candidate.name, buildId: candidate.buildId, percent, current },
        `${percent} % of new runs go to build ${candidate.buildId}, the others to ${buildInWords(current)}; \`predictlab deploy rollback\` undoes this`,
      );
    });

  deploy
    .command('promote')
    .summary('send every new run to this build')
    .description(
      'Sends every new run to this build. Open runs continue with the build they started with: keep its workers up until they have ended.',
    )
    .option('--first', 'only when no build is current yet; otherwise change nothing')
    .option('--json', 'print { deployment, current, previous }')
    .action(async ({ json, first }: { json?: boolean; first?: boolean }) => {
      const candidate = candidateVersion(process.env, buildId);
      const view = await onDeployment(candidate.name, async ({ lab, view, note }) => {
        if (view.current === candidate.buildId || (first && view.current !== null)) return view;
        await requireWorkers(() => lab.deployments.view(view.name), view, candidate);
        await lab.deployments.setCurrent(candidate.name, candidate.buildId);
        await note({ action: 'promote', from: view.current, to: candidate.buildId, percent: null });
        return view;
      });
      const isLeft = first && view.current !== null;
      const said = isLeft
        ? [`every new run still goes to ${buildInWords(view.current)}`]
        : view.current === candidate.buildId
          ? [`every new run already goes to build ${candidate.buildId}`]
          : [
              `every new run goes to build ${candidate.buildId} (before: ${buildInWords(view.current)})`,
              ...openRunsLines(view, view.current),
            ];
      printAnswer(json, { deployment: candidate.name, current: isLeft ? view.current : candidate.buildId, previous: view.current }, said);
    });

  deploy
    .command('rollback')
    .summary('undo the last canary or promote')
    .description(
      'Ends a canary, or sends every new run to the build that was current before. Open runs continue with the build they started with, so none of them fails: keep its workers up until they have ended, or move them with `deploy adopt`.',
    )
    .option('--force', 'also when no worker of the earlier build is up: new runs then wait for one')
    .option('--json', 'print { deployment, current, rolledBack, openRuns }')
    .action(async ({ json, force }: { json?: boolean; force?: boolean }) => {
      const { name } = candidateVersion(process.env, buildId);
      const { view, target } = await onDeployment(name, async ({ lab, view, releases, note }) => {
        const target = rollbackTarget(view, releases);
        if (target === undefined)
          throw usageError(
            `deployment ${name} has nothing to undo: every new run goes to ${buildInWords(view.current)}, and none went to another build before`,
          );
        if (!force)
          await requireWorkers(() => lab.deployments.view(view.name), view, target.to === null ? null : { name, buildId: target.to });
        if (target.kind === 'end-ramp') await lab.deployments.ramp({ name, buildId: target.build }, 0);
        else await lab.deployments.setCurrent(name, target.to);
        await note({ action: 'rollback', from: target.build, to: target.to, percent: null });
        return { view, target };
      });
      const openRuns = view.versions.find(({ buildId }) => buildId === target.build)?.openRuns ?? 0;
      printAnswer(json, { deployment: name, current: target.to, rolledBack: target.build, openRuns }, [
        `every new run goes to ${buildInWords(target.to)} again`,
        ...openRunsLines(view, target.build),
      ]);
    });
}

interface Routing {
  readonly database: Database;
  readonly lab: PredictLab;
  readonly view: DeploymentView;
  readonly releases: Awaited<ReturnType<typeof releasesOf>>;
  readonly note: (release: Pick<RecordedRelease, 'action' | 'from' | 'to' | 'percent'>) => Promise<void>;
}

/** Changes a deployment under a lock in the database: one change at a time on all machines, from reading the view to applying the change. */
async function onDeployment<T>(deployment: string, work: (routing: Routing) => Promise<T>): Promise<T> {
  return await useDatabase((database) =>
    withPredictLab((lab) =>
      locked(database, deployment, async () => {
        const [view, releases] = [await lab.deployments.view(deployment), await releasesOf(database, deployment)];
        const by = `${userName()}@${hostname()}`;
        return await work({ database, lab, view, releases, note: (release) => recordRelease(database, { deployment, by, ...release }) });
      }),
    ),
  );
}

/** Key of the advisory lock; arbitrary, but equal in every process. */
const RELEASE_LOCK = 7_305_310_013;

async function locked<T>(database: Database, deployment: string, work: () => Promise<T>): Promise<T> {
  return await database.transaction(async (transaction) => {
    const { rows } = await transaction.query<{ alone: boolean }>('select pg_try_advisory_xact_lock($1) as alone', [RELEASE_LOCK]);
    if (!rows[0].alone)
      throw usageError(`another \`predictlab deploy\` is changing deployment ${deployment} now; check \`deploy status\`, then try again`);
    return await work();
  });
}

async function requireSame(database: Database, build: string): Promise<void> {
  const shadow = await shadowOfBuild(database, build);
  if (shadow?.verdict === 'same') return;
  throw usageError(
    shadow === undefined
      ? `build ${build} has not been tried on a run; try it with \`predictlab deploy shadow <run>\``
      : `build ${build} differs on run ${shadow.runId}: ${shadow.differences[0]}`,
  );
}

function openRunsLines(view: DeploymentView, build: string | null): readonly string[] {
  const openRuns = build === null ? view.unversioned.openRuns : (deployedBuild(view, build)?.openRuns ?? 0);
  if (openRuns === 0) return [];
  return [
    build === null
      ? `${openRuns} open runs of unversioned workers continue with the current build`
      : `${openRuns} open runs stay with build ${build}: keep its workers up until they have ended (\`predictlab deploy status\` counts them)`,
  ];
}

/** A build in words: `build <id>`, or `unversioned workers` for null. */
export const buildInWords = (build: string | null): string => (build === null ? 'unversioned workers' : `build ${build}`);

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // In a container, the user id may have no name.
    return String(process.getuid?.() ?? 'unknown');
  }
}

/**
 * Waits a moment for a worker of the version that runs are to be routed to: Temporal knows a worker from its first poll, a moment after the
 * worker has logged that it is ready.
 * @param look returns the current state of the deployment
 * @param seen the last known state of the deployment
 * @param version the version whose workers are needed; null: those without a version
 * @throws ExitError 2 that says which worker to start
 */
export async function requireWorkers(
  look: () => Promise<DeploymentView>,
  seen: DeploymentView,
  version: DeploymentVersion | null,
  { withinMs = 5_000, everyMs = 200 } = {},
): Promise<void> {
  const until = Date.now() + withinMs;
  let view = seen;
  while (workersOf(view, version) === 0) {
    if (Date.now() >= until) throw usageError(missingWorkers(view.taskQueue, version));
    await setTimeout(everyMs);
    view = await look();
  }
}

const workersOf = (view: DeploymentView, version: DeploymentVersion | null): number =>
  version === null ? view.unversioned.workers : (deployedBuild(view, version.buildId)?.workers ?? 0);

const deployedBuild = (view: DeploymentView, buildId: string): DeployedVersion | undefined =>
  view.versions.find((version) => version.buildId === buildId);

function missingWorkers(taskQueue: string, version: DeploymentVersion | null): string {
  const which = version === null ? 'unversioned worker' : `worker of build ${version.buildId}`;
  const start =
    version === null
      ? '`predictlab worker` without PREDICTLAB_DEPLOYMENT'
      : `\`PREDICTLAB_DEPLOYMENT=${version.name} predictlab worker\` of that build`;
  return `no ${which} polls task queue "${taskQueue}": new runs would wait; start one first (${start})`;
}
