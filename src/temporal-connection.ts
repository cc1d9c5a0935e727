import type { ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { messageOf, PredictLabError } from './contracts/errors.ts';
import { homeFolder } from './processes/home-folder.ts';
import { notedAddress } from './set-up/processes/noted-address.ts';

export interface TemporalSettings {
  readonly address: string;
  readonly namespace: string;
  readonly options: ConnectionOptions;
}

/**
 * Where Temporal is, from its own environment configuration (`TEMPORAL_ADDRESS`, profiles, TLS, API key). Where that names no
 * address it is the server of the `dev` that runs on this PREDICTLAB_HOME: the data are that one's too.
 */
export function temporalSettings(env: NodeJS.ProcessEnv): TemporalSettings {
  const { connectionOptions, namespace } = loadConfig(env);
  const address = connectionOptions.address ?? notedAddress(homeFolder(env)) ?? '127.0.0.1:7233';
  return { address, namespace: namespace ?? 'default', options: { ...connectionOptions, address } };
}

function loadConfig(env: NodeJS.ProcessEnv): ReturnType<typeof loadClientConnectConfig> {
  try {
    return loadClientConnectConfig({ overrideEnvVars: env as Record<string, string> });
  } catch (error) {
    throw new PredictLabError('BadInput', `Temporal's settings (TEMPORAL_* variables and its configuration file): ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** @returns the error users see when Temporal does not answer */
export function temporalUnreachable(address: string, error: unknown): PredictLabError {
  return new PredictLabError(
    'SourceUnavailable',
    `cannot reach Temporal at ${address} (${messageOf(error)}); start it with \`predictlab dev\` or \`temporal server start-dev\`, or set TEMPORAL_ADDRESS`,
    { cause: error },
  );
}
