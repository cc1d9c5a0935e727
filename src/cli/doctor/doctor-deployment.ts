import { candidateVersion } from '../../contracts/deployment-version.ts';
import { messageOf } from '../../contracts/errors.ts';
import type { CheckResult } from '../../set-up/checks/check.ts';
import { buildId } from '../../worker/build-id.ts';

/** Runs that wait for a build without workers, new runs that nobody takes; no line where no deployment is in use or Temporal is away. */
export async function checkDeployment(env: NodeJS.ProcessEnv): Promise<readonly CheckResult[]> {
  const name = 'deployment';
  let deployment: string;
  try {
    deployment = candidateVersion(env, buildId).name;
  } catch (error) {
    return [{ name, status: 'fail', detail: messageOf(error), action: 'mend PREDICTLAB_DEPLOYMENT or PREDICTLAB_BUILD_ID' }];
  }
  try {
    const [{ PredictLab }, { deploymentTroubles }] = await Promise.all([
      import('../../client.ts'),
      import('../../client/deployments/deployment-troubles.ts'),
    ]);
    const lab = await PredictLab.connect({ env });
    try {
      const view = await lab.deployments.view(deployment);
      if (view.versions.length === 0) return [];
      const troubles = deploymentTroubles(view);
      if (troubles.length > 0)
        return troubles.map(({ sentence, action }): CheckResult => ({ name, status: 'warn', detail: sentence, action }));
      return [
        {
          name,
          status: 'ok',
          detail: `${deployment}: new runs go to ${view.current === null ? 'unversioned workers' : `build ${view.current}`}`,
        },
      ];
    } finally {
      await lab.close();
    }
  } catch {
    // the line of the Temporal server says it
    return [];
  }
}
