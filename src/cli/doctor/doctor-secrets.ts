import { createHttpFence } from '../../activities/custom/http-fence.ts';
import { messageOf } from '../../contracts/errors.ts';
import { readPayloadKeys } from '../../secrets/payload-keys.ts';
import type { CheckResult } from '../../set-up/checks/check.ts';

/** What this shell has of keys and fences: readable, and what it means. */
export function checkSecrets(env: NodeJS.ProcessEnv): readonly CheckResult[] {
  return [
    told('payload key', () => {
      const [first, ...older] = readPayloadKeys(env);
      if (first === undefined) return 'none: what Temporal stores is readable for whoever reaches it (docs/security.md)';
      return `${first.id} seals what Temporal stores${older.length === 0 ? '' : `, ${older.map(({ id }) => id).join(', ')} open what is older`}`;
    }),
    told('requests of tasks', () => {
      createHttpFence(env);
      return env.PREDICTLAB_HTTP_ALLOW ? `to ${env.PREDICTLAB_HTTP_ALLOW} only` : 'to all but link-local and metadata addresses';
    }),
  ];
}

function told(name: string, look: () => string): CheckResult {
  try {
    return { name, status: 'ok', detail: look() };
  } catch (error) {
    return { name, status: 'fail', detail: messageOf(error), action: 'mend that variable; docs/security.md has its form' };
  }
}
