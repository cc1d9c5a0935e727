import type { Command } from 'commander';
import { deploymentTroubles } from '../../client/deployments/deployment-troubles.ts';
import type { DeploymentView } from '../../client/deployments/deployments.ts';
import { candidateVersion } from '../../contracts/deployment-version.ts';
import { releasesOf } from '../../storage/runs/releases.ts';
import { buildId } from '../../worker/build-id.ts';
import { type BrokenHistory, replayAll } from '../../worker/replay-histories.ts';
import { takesCount } from '../options/parsers.ts';
import { note, printJson, printLine, printTable } from '../terminal/print.ts';
import { queryIfStored, withPredictLab } from '../terminal/session.ts';
import { registerDeployAdopt } from './deploy-adopt.ts';
import { buildInWords, registerDeployRoutes } from './deploy-routes.ts';
import { registerDeployShadow } from './deploy-shadow.ts';

/** Registers `predictlab deploy`. */
export default function register(deploy: Command): void {
  deploy.description(
    'Runs several builds side by side: workers started with PREDICTLAB_DEPLOYMENT report their build, and each run stays with the build it started with. ' +
      'The candidate is the build whose command you run. In order: check, shadow, canary, promote; rollback undoes the last step.',
  );
  registerDeployCheck(deploy);
  registerDeployShadow(deploy);
  registerDeployRoutes(deploy);
  registerDeployAdopt(deploy);
  registerDeployStatus(deploy);
}

function registerDeployCheck(deploy: Command): void {
  deploy
    .command('check')
    .summary('replay recent histories against this build')
    .description(
      'Replays the newest open and closed histories of every workflow type against the workflows of this build: a history that does not replay would stop an open run that moves to this build. Changes nothing. Exit code 1 when one does not replay.',
    )
    // Open runs are few; this number of closed runs covers every kind of run of the last days.
    .addOption(takesCount('--last <n>', 'number of open and of closed histories of each type').default(20))
    .option('--json', 'print { histories, broken: [{ type, workflowId, reason }] }')
    .action(async ({ last, json }: { last: number; json?: boolean }) => {
      const { histories, broken } = await withPredictLab((lab) => replayAll(lab.histories(last)));
      if (json) printJson({ histories, broken });
      else printVerdict(histories, broken);
      if (broken.length > 0) process.exitCode = 1;
    });
}

function printVerdict(histories: number, broken: readonly BrokenHistory[]): void {
  if (histories === 0) return note('there is no history to replay yet, so this build is untested');
  for (const { type, workflowId, reason } of broken) printLine(`broken  ${type} ${workflowId}: ${reason}`);
  printLine(
    broken.length === 0
      ? `${histories} histories replay on build ${buildId()}`
      : `${broken.length} of ${histories} histories do not replay on build ${buildId()}: let open runs end on their own build, or guard the change with patched()`,
  );
}

function registerDeployStatus(deploy: Command): void {
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
      const releases = (await queryIfStored((database) => releasesOf(database, candidate.name))) ?? [];
      const troubles = deploymentTroubles(view);
      const { name: deployment, ...rest } = view;
      const listed = releases.map(({ deployment: _, ...one }) => one);
      if (json) return printJson({ deployment, thisBuild: candidate.buildId, ...rest, troubles, releases: listed });
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
