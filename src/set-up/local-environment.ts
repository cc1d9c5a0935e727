/**
 * The user's environment without Temporal's own settings: a key, a profile or TLS that is meant for another server must not
 * reach for the one that we start on loopback.
 */
export function localEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => name === 'TEMPORAL_CLI' || !name.startsWith('TEMPORAL_')));
}
