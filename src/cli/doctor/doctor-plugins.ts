import { loadPlugins } from '../../activities/custom/load-plugins.ts';
import { messageOf } from '../../contracts/errors.ts';
import type { CheckResult } from '../../set-up/checks/check.ts';

/** PREDICTLAB_PLUGINS as this shell has it: every module loads, and is what a plugin must be. */
export async function checkPlugins(env: NodeJS.ProcessEnv): Promise<readonly CheckResult[]> {
  const name = 'plugins';
  try {
    const { modules, activities, strategies } = await loadPlugins(env);
    if (modules.length === 0) return [{ name, status: 'ok', detail: 'none: PREDICTLAB_PLUGINS is not set' }];
    return modules.map((module) => ({ name, status: 'ok', detail: `${module}${whatOf(module)}` }) satisfies CheckResult);

    function whatOf(module: string): string {
      const own = [...activities.values()].filter((activity) => activity.module === module).map((activity) => activity.name);
      const theirs = strategies.filter((strategy) => strategy.module === module).map((strategy) => strategy.name);
      const parts = [
        ...(own.length === 0 ? [] : [`activities ${own.join(', ')}`]),
        ...(theirs.length === 0 ? [] : [`strategies ${theirs.join(', ')}`]),
      ];
      return parts.length === 0 ? ', which has nothing in it' : `: ${parts.join('; ')}`;
    }
  } catch (error) {
    return [{ name, status: 'fail', detail: messageOf(error), action: 'mend that module, or take it out of PREDICTLAB_PLUGINS' }];
  }
}
