import { createHttpFence } from '../../activities/custom/http-fence.ts';
import { loadPlugins } from '../../activities/custom/load-plugins.ts';
import { messageOf } from '../../contracts/errors.ts';
import { readPayloadKeys } from '../../secrets/payload-keys.ts';
import type { CheckResult } from '../../set-up/checks/check.ts';

/** The payload key and the request rules of this shell: whether they can be read, and what they do. */
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

function checked(name: string, look: () => string): CheckResult {
  try {
    return { name, status: 'ok', detail: look() };
  } catch (error) {
    return { name, status: 'fail', detail: messageOf(error), action: 'fix that variable; docs/security.md describes its form' };
  }
}

/** Whether every module in PREDICTLAB_PLUGINS of this shell loads and is a valid plugin. */
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
      return parts.length === 0 ? ', which defines nothing' : `: ${parts.join('; ')}`;
    }
  } catch (error) {
    return [{ name, status: 'fail', detail: messageOf(error), action: 'fix that module, or remove it from PREDICTLAB_PLUGINS' }];
  }
}
