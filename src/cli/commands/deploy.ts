import type { Command } from 'commander';
import { registerDeployAdopt } from './deploy-adopt.ts';
import { registerDeployCheck } from './deploy-check.ts';
import { registerDeployRoutes } from './deploy-routes.ts';
import { registerDeployShadow } from './deploy-shadow.ts';
import { registerDeployStatus } from './deploy-status.ts';

/** Adds `predictlab deploy`. */
export function registerDeploy(program: Command): void {
  const deploy = program
    .command('deploy')
    .summary('try a new build, ramp it up, take it back')
    .description(
      'New builds beside the old one: workers that are started with PREDICTLAB_DEPLOYMENT say which build they are, and each run stays with the build it began with. ' +
        'The candidate is the build whose command this is. In order: check, shadow, canary, promote; rollback takes the last step back.',
    );
  registerDeployCheck(deploy);
  registerDeployShadow(deploy);
  registerDeployRoutes(deploy);
  registerDeployAdopt(deploy);
  registerDeployStatus(deploy);
}
