import type { Command } from 'commander';
import { deploymentTroubles } from '../../client/deployments/deployment-troubles.ts';
import type { DeploymentView } from '../../client/deployments/deployments.ts';
import { candidateVersion } from '../../contracts/deployment-version.ts';
import { releasesOf } from '../../storage/runs/releases.ts';
import { buildId } from '../../worker/build-id.ts';
import { note, printJson, printLine, printTable } from '../terminal/print.ts';
import { lookIntoDatabase, withPredictLab } from '../terminal/session.ts';
import { buildInWords } from './deploy-routes.ts';

/** Adds `deploy status`. */
export function registerDeployStatus(deploy: Command): void {
  deploy
    .command('status')
    .summary('show which build gets new runs, its workers and its open runs')
    .description(
      'Shows which build gets new runs, which workers poll the queue, how many runs of each build are open, and problems: runs whose build has no worker, new runs that no worker takes.',
    )
    .option('--json', 'print { deployment, taskQueue, thisBuild, current, ramping, versions, unversioned, troubles, releases }')
    .action(async ({ json }: { json?: boolean }) => {
      const candidate = candidateVersion(process.env, buildId);
      const view = await withPredictLab((lab) => lab.deployments.view(candidate.name));
      const releases = await lookIntoDatabase(async (database) =>
        database === undefined ? [] : await releasesOf(database, candidate.name),
      );
      const troubles = deploymentTroubles(view);
      if (json) {
        const { name: deployment, ...rest } = view;
        return printJson({
          deployment,
          thisBuild: candidate.buildId,
          ...rest,
          troubles,
          releases: releases.map(({ deployment: _, ...one }) => one),
        });
      }
      printView(view, candidate.buildId);
      for (const { sentence, action } of troubles) note(`! ${sentence}\n  → ${action}`);
    });
}

function printView({ name, taskQueue, current, ramping, versions, unversioned }: DeploymentView, own: string): void {
  const share = ramping === null ? '' : `, but ${ramping.percent} % to build ${ramping.buildId}`;
  printLine(`deployment ${name} on task queue ${taskQueue}: new runs go to ${buildInWords(current)}${share}`);
  printTable(
    [
      ['build', 'state', 'workers', 'open runs', 'current since'],
      ...versions.map(({ buildId, state, workers, openRuns, currentAt }) => [
        buildId === own ? `${buildId} (this)` : buildId,
        state,
        String(workers),
        String(openRuns),
        currentAt ?? '–',
      ]),
      ['unversioned', current === null ? 'current' : '–', String(unversioned.workers), String(unversioned.openRuns), '–'],
    ],
    { right: [2, 3] },
  );
  if (!versions.some(({ buildId }) => buildId === own)) printLine(`this build, ${own}, has had no worker yet`);
}
