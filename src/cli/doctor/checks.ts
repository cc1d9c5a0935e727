import { createHttpFence } from '../../activities/custom/http-fence.ts';
import { loadPlugins } from '../../activities/custom/load-plugins.ts';
import type { PredictLab } from '../../client.ts';
import { messageOf, PredictLabError } from '../../contracts/errors.ts';
import { shellWord } from '../../contracts/text/plain-text.ts';
import { TASK_QUEUE } from '../../contracts/words.ts';
import { candidateVersion } from '../../contracts/worker/deployment-version.ts';
import { nameOfIdentity } from '../../contracts/worker/worker-identity.ts';
import { type ArtifactStore, artifactStoreOf } from '../../files/store/artifact-store.ts';
import { waitingArtifacts } from '../../files/store/send-artifacts.ts';
import { readPayloadKeys } from '../../secrets/payload-keys.ts';
import { broken, type CheckResult, ok, warn } from '../../set-up/checks/check.ts';
import { buildId } from '../../worker/build-id.ts';

/** Checks the payload key and the request rules in this shell's environment: whether they can be read, and what they do. */
export function checkSecrets(env: NodeJS.ProcessEnv): readonly CheckResult[] {
  return [
    checked('payload key', () => {
      const [first, ...older] = readPayloadKeys(env);
      if (first === undefined) return 'none: what Temporal stores is readable for everyone who can reach it (docs/security.md)';
      return `${first.id} seals what Temporal stores${older.length === 0 ? '' : `, ${older.map(({ id }) => id).join(', ')} open what is older`}`;
    }),
    checked('requests of tasks', () => {
      createHttpFence(env);
      return env.PREDICTLAB_HTTP_ALLOW
        ? `to ${env.PREDICTLAB_HTTP_ALLOW} only`
        : 'to public hosts only; PREDICTLAB_HTTP_ALLOW lists others';
    }),
  ];
}

/** Whether the artifact store answers, and how many files of this home wait to be sent; no result without ARTIFACTS_URL. */
export async function checkArtifacts(env: NodeJS.ProcessEnv, home: string): Promise<readonly CheckResult[]> {
  const name = 'artifact store';
  let store: ArtifactStore | undefined;
  try {
    store = artifactStoreOf(env);
  } catch (error) {
    return [broken(name, messageOf(error), 'fix that variable; docs/operations.md describes its form')];
  }
  if (store === undefined) return [];
  const waiting = (await waitingArtifacts(home, store.url)).length;
  const files = `${waiting} file${waiting === 1 ? '' : 's'} of ${home}`;
  try {
    await store.list('', 1);
    return [ok(name, `${store.url}${waiting === 0 ? ', all files sent' : `; ${files} not sent yet: a running worker sends them`}`)];
  } catch (error) {
    return [warn(name, messageOf(error), `nothing is lost: ${files} stay there, and a worker sends them when the store answers`)];
  }
}

function checked(name: string, look: () => string): CheckResult {
  try {
    return ok(name, look());
  } catch (error) {
    return broken(name, messageOf(error), 'fix that variable; docs/security.md describes its form');
  }
}

/** Whether every module in PREDICTLAB_PLUGINS of this shell loads and is a valid plugin. */
export async function checkPlugins(env: NodeJS.ProcessEnv): Promise<readonly CheckResult[]> {
  const name = 'plugins';
  try {
    const { modules, activities, strategies } = await loadPlugins(env);
    if (modules.length === 0) return [ok(name, 'none: PREDICTLAB_PLUGINS is not set')];
    return modules.map((module) => {
      const parts = Object.entries({ activities: [...activities.values()], strategies }).flatMap(([what, all]) => {
        const own = all.filter((one) => one.module === module).map((one) => one.name);
        return own.length === 0 ? [] : [`${what} ${own.join(', ')}`];
      });
      return ok(name, `${module}${parts.length === 0 ? ', which defines nothing' : `: ${parts.join('; ')}`}`);
    });
  } catch (error) {
    return [broken(name, messageOf(error), 'fix that module, or remove it from PREDICTLAB_PLUGINS')];
  }
}

/**
 * Workers, the deployment and schedules, as Temporal reports them. No results when Temporal cannot be reached, because another check reports
 * that; any other error is the result of its check.
 */
export async function checkThroughTemporal(env: NodeJS.ProcessEnv, connect = connectClient): Promise<readonly CheckResult[]> {
  const deployment = deploymentIn(env);
  const wrong: readonly CheckResult[] = typeof deployment === 'string' ? [] : [deployment];
  try {
    const lab = await connect(env);
    try {
      const checks = [
        orFailure('worker', checkWorkers(lab)),
        ...(typeof deployment === 'string' ? [orFailure('deployment', checkDeployment(lab, deployment))] : []),
        orFailure('schedule', checkSchedules(lab, env)),
      ];
      return [...wrong, ...(await Promise.all(checks)).flat()];
    } finally {
      await lab.close();
    }
  } catch (error) {
    return [...wrong, ...failureOf('connection', error)];
  }
}

/** Loads Temporal's client only here, so that a `doctor` that does not need it starts faster. */
async function connectClient(env: NodeJS.ProcessEnv): Promise<PredictLab> {
  const { PredictLab } = await import('../../client.ts');
  return await PredictLab.connect({ env });
}

const orFailure = (name: string, check: Promise<readonly CheckResult[]>): Promise<readonly CheckResult[]> =>
  check.catch((error: unknown) => failureOf(name, error));

/** The result for a check that threw an error; none if Temporal cannot be reached or its settings are wrong. */
function failureOf(name: string, error: unknown): readonly CheckResult[] {
  if (error instanceof PredictLabError && (error.type === 'SourceUnavailable' || error.type === 'BadInput')) return [];
  return [broken(name, messageOf(error), 'look at the log of the Temporal server, and at the permissions of this user there')];
}

function deploymentIn(env: NodeJS.ProcessEnv): string | CheckResult {
  try {
    return candidateVersion(env, buildId).name;
  } catch (error) {
    return broken('deployment', messageOf(error), 'fix PREDICTLAB_DEPLOYMENT or PREDICTLAB_BUILD_ID');
  }
}

/** The workers that poll the task queue, and those that stopped lately. */
async function checkWorkers(lab: PredictLab): Promise<readonly CheckResult[]> {
  const name = 'worker';
  const { lastHeard, secondsSince } = await import('../../client/deployments/polling.ts');
  const polling = await lab.polling();
  const { taskQueue, pollers } = polling;
  const up = pollers.filter((poller) => poller.up);
  if (up.length === 0) {
    const action = 'start one with `predictlab worker`; until then runs wait';
    return [warn(name, `none polls task queue ${taskQueue}${lastHeard(polling)}`, action)];
  }
  const gone = pollers
    .filter((poller) => !poller.up)
    .map((poller) => `; ${nameOfIdentity(poller.identity)} is gone, last heard of ${secondsSince(poller)} s ago`);
  const ages = up.map(secondsSince);
  const heard = up.length === 1 ? `heard of ${ages[0]} s ago` : `each heard of in the last ${Math.max(...ages)} s`;
  return [ok(name, `${up.length} up on task queue ${taskQueue}, ${heard}${gone.join('')}`)];
}

/** Checks for runs that wait for a build without workers and for new runs that no worker takes; no result without a deployment. */
async function checkDeployment(lab: PredictLab, deployment: string): Promise<readonly CheckResult[]> {
  const name = 'deployment';
  const { deploymentTroubles } = await import('../../client/deployments/deployment-troubles.ts');
  const view = await lab.deployments.view(deployment);
  if (view.versions.length === 0) return [];
  const troubles = deploymentTroubles(view);
  if (troubles.length > 0) return troubles.map(({ sentence, action }) => warn(name, sentence, action));
  const target = view.current === null ? 'unversioned workers' : `build ${view.current}`;
  return [ok(name, `${deployment}: new runs go to ${target}`)];
}

/** The schedules that start runs here, and when each fires next. */
async function checkSchedules(lab: PredictLab, env: NodeJS.ProcessEnv): Promise<readonly CheckResult[]> {
  const name = 'schedule';
  const { upcoming, unreadable } = await lab.schedules.upcoming();
  const lines = [
    ...unreadable.map(({ scheduleId, why }) =>
      broken(
        name,
        `${scheduleId} cannot be read, and its runs are refused: ${why}`,
        `create it again: PREDICTLAB_PAYLOAD_PLAINTEXT=accept predictlab schedule create --id ${shellWord(scheduleId)} …`,
      ),
    ),
    ...upcoming.map(({ scheduleId, paused, at }) =>
      ok(name, `${scheduleId}: ${paused ? 'paused' : at === null ? 'it has no further run' : `next run ${at}`}`),
    ),
  ];
  if (lines.length > 0) return lines;
  const queue = env.PREDICTLAB_TASK_QUEUE ?? TASK_QUEUE;
  return [ok(name, `none on task queue ${queue}: no run starts by itself, \`predictlab schedule create\` makes one`)];
}
