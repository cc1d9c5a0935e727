import type { Command } from 'commander';
import type { PredictLab } from '../../client.ts';
import { candidateVersion, type DeploymentVersion } from '../../contracts/deployment-version.ts';
import { buildId } from '../../worker/build-id.ts';
import { type BrokenHistory, replayAll } from '../../worker/replay-histories.ts';
import { noRun, note, printAnswer, usageError } from '../terminal/print.ts';
import { withPredictLab } from '../terminal/session.ts';

/** Adds `deploy adopt`. */
export function registerDeployAdopt(deploy: Command): void {
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
