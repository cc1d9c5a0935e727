import type { DeploymentView } from './deployments.ts';

export interface DeploymentTrouble {
  readonly sentence: string;
  readonly action: string;
}

/** Finds runs that wait because the build of an open run, or the build that new runs go to, has no worker; also workers without runs. */
export function deploymentTroubles(view: DeploymentView): readonly DeploymentTrouble[] {
  const { name, current, ramping, versions, unversioned, taskQueue } = view;
  const troubles: DeploymentTrouble[] = [];
  const start = `start \`PREDICTLAB_DEPLOYMENT=${name} predictlab worker\` of that build`;
  for (const { buildId, workers, openRuns } of versions) {
    if (openRuns > 0 && workers === 0) {
      troubles.push({
        sentence: `${openRuns === 1 ? '1 open run waits' : `${openRuns} open runs wait`} for build ${buildId}, and no worker of that build polls task queue "${taskQueue}"`,
        action: `${start}, or move them here with \`predictlab deploy adopt --build ${buildId}\``,
      });
    }
    const gets = buildId === current ? 'every new run' : buildId === ramping?.buildId ? `${ramping.percent} % of new runs` : undefined;
    if (gets !== undefined && workers === 0)
      troubles.push({
        sentence: `${gets} would wait: build ${buildId} has no worker`,
        action: `${start}, or \`predictlab deploy rollback\``,
      });
  }
  if (current === null && unversioned.workers === 0) {
    const polling = versions.find(({ workers }) => workers > 0);
    if (polling !== undefined) {
      troubles.push({
        sentence: `new runs wait: no build is current yet, and no unversioned worker is up`,
        action: `\`predictlab deploy promote\` with build ${polling.buildId}`,
      });
    }
  }
  if (current !== null && unversioned.workers > 0)
    troubles.push({
      sentence: `${unversioned.workers === 1 ? '1 unversioned worker polls' : `${unversioned.workers} unversioned workers poll`} task queue "${taskQueue}" and ${unversioned.workers === 1 ? 'gets' : 'get'} no runs`,
      action: 'stop what is no longer needed once `predictlab deploy status` counts no open unversioned runs',
    });
  return troubles;
}
