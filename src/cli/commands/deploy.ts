import type { Command } from 'commander';
import { deploymentTroubles } from '../../client/deployments/deployment-troubles.ts';
import type { DeploymentView } from '../../client/deployments/deployments.ts';
import type { PredictLab } from '../../client.ts';
import { candidateVersion, type DeploymentVersion } from '../../contracts/worker/deployment-version.ts';
import { releasesOf } from '../../storage/runs/releases.ts';
import { buildId } from '../../worker/build-id.ts';
import { type BrokenHistory, replayAll } from '../../worker/replay-histories.ts';
import { takesCount } from '../options/parsers.ts';
import { noRun, note, printAnswer, printJson, printLine, printTable, usageError } from '../terminal/print.ts';
import { queryIfStored, withPredictLab } from '../terminal/session.ts';
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

/** Adds `deploy adopt`. */
function registerDeployAdopt(deploy: Command): void {
  deploy
    .command('adopt')
    .argument('[runs...]', 'ids of open runs')
    .summary('move open runs of another build to this one')
    .description(
      'Moves open runs, with their open symbols, to this build: for runs whose own build has no worker any more, or must not continue. Each history is replayed first; a run that does not replay stays with its build, and the exit code is 1.',
    )
    .option('--build <id>', 'every open run of that build')
    .option('--json', 'print { adopted: [runId], broken: [{ type, workflowId, reason }] }')
    .action(async (runs: string[], { build, json }: { build?: string; json?: boolean }) => {
      if ((runs.length === 0) === (build === undefined))
        throw usageError('name the runs, or a build with --build: `predictlab deploy status` lists builds');
      const version = candidateVersion(process.env, buildId);
      const { adopted, broken } = await withPredictLab(async (lab) => {
        const view = await lab.deployments.view(version.name);
        if ((view.versions.find((one) => one.buildId === version.buildId)?.workers ?? 0) === 0)
          throw usageError(`no worker of build ${version.buildId} polls task queue "${view.taskQueue}": start one first`);
        const named =
          build === undefined
            ? await Promise.all(runs.map((run) => openRun(lab, run)))
            : await lab.deployments.openRuns({ ...version, buildId: build });
        return await adopt(lab, named, version);
      });
      printAnswer(json, { adopted, broken }, [
        ...adopted.map((run) => `${run} continues with build ${version.buildId}`),
        ...broken.map(({ workflowId, reason }) => `${workflowId} stays: ${reason}`),
        ...(build !== undefined && adopted.length + broken.length === 0 ? [`no run of build ${build} is open`] : []),
      ]);
      if (broken.length > 0) process.exitCode = 1;
    });
}

async function openRun(lab: PredictLab, run: string): Promise<string> {
  const known = await lab.describe(run);
  if (known === undefined) throw noRun(run);
  if (!known.open) throw usageError(`run ${known.runId} is closed: it cannot be moved`);
  return known.runId;
}

async function adopt(lab: PredictLab, runs: readonly string[], version: DeploymentVersion) {
  const { deployments } = lab;
  const [adopted, broken]: [string[], BrokenHistory[]] = [[], []];
  for (const run of runs) {
    const family = await deployments.familyOf(run);
    const { broken: here } = await replayAll(historiesOf(lab, family));
    broken.push(...here);
    if (here.length > 0) continue;
    // Moves the run first, so that symbols that it starts from now on belong to the new build.
    if (family.length === 0 || !(await deployments.move(family[0], version))) {
      note(`run ${run} has ended meanwhile`);
      continue;
    }
    const [, ...symbols] = await deployments.familyOf(run);
    for (const symbol of symbols) await deployments.move(symbol, version);
    adopted.push(run);
  }
  return { adopted, broken };
}

async function* historiesOf(lab: PredictLab, family: Awaited<ReturnType<PredictLab['deployments']['familyOf']>>) {
  for (const one of family) yield await lab.deployments.historyOf(one);
}
