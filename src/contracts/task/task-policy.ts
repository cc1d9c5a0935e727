import type { TaskPolicy } from '../run/run-config.ts';
import type { Stage } from '../words.ts';

/** Default retries of a task: three, after 1, 2 and 4 seconds. */
export const DEFAULT_RETRY = { maxRetries: 3, retryDelayMs: 1_000, backoff: 2, maxDelayMs: 60_000 } as const;

/** Default number of tasks that run at once. */
export const DEFAULT_MAX_CONCURRENT = 5;

const MINUTE_MS = 60_000;

/** Default timeout of one attempt. `collect` has a longer one, because it waits for venues. */
export const defaultTimeoutMs = (stage?: Stage): number => (stage === 'collect' ? 15 * MINUTE_MS : 5 * MINUTE_MS);

/** The default policy of a stage or of a custom task. */
export const defaultPolicy = (stage?: Stage): TaskPolicy => ({ ...DEFAULT_RETRY, timeoutMs: defaultTimeoutMs(stage) });

/** Returns `{ policy }`, or `{}` for the default policy, which keeps the payloads of a large run small. */
export function unlessDefault(policy: TaskPolicy, stage?: Stage): { readonly policy?: TaskPolicy } {
  const usual = defaultPolicy(stage);
  const names = Object.keys(usual) as (keyof typeof usual)[];
  return policy.byError === undefined && names.every((name) => policy[name] === usual[name]) ? {} : { policy };
}
