import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import type { ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { badInput, messageOf, PredictLabError } from '../../contracts/errors.ts';
import { homeFolder } from '../../processes/home-folder.ts';
import { recordedAddress } from '../../processes/process-record.ts';

export interface TemporalSettings {
  readonly address: string;
  readonly namespace: string;
  readonly options: ConnectionOptions;
}

/**
 * Reads Temporal's environment configuration (`TEMPORAL_ADDRESS`, profiles, TLS, API key). Without an address there, it takes that of the
 * server that a running `dev` or `demo` has started for this PREDICTLAB_HOME, else 127.0.0.1:7233.
 */
export function temporalSettings(env: NodeJS.ProcessEnv): TemporalSettings {
  for (const variable of ['TEMPORAL_TLS', 'TEMPORAL_TLS_DISABLE_HOST_VERIFICATION'] as const) checkSwitch(variable, env[variable]);
  const { connectionOptions, namespace } = loadConfig(env);
  const address = connectionOptions.address ?? recordedAddress(homeFolder(env)) ?? '127.0.0.1:7233';
  if (!isAddress(address)) throw badInput(`TEMPORAL_ADDRESS ${JSON.stringify(address)}: write host:port, like 127.0.0.1:7233`);
  return { address, namespace: namespace ?? 'default', options: { ...connectionOptions, address } };
}

/** Refuses a value that the SDK would ignore without an error, which would leave the connection without TLS. */
function checkSwitch(variable: string, value: string | undefined): void {
  if (!value || ['true', 'false', '1', '0'].includes(value.toLowerCase())) return;
  throw badInput(`${variable}=${JSON.stringify(value)}: write true or false`);
}

/** Whether a text is `host:port`, `[::1]:port` or a host alone. */
function isAddress(text: string): boolean {
  const port = /^(?:\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/i.exec(text);
  return port !== null && Number(port[1] ?? 7233) <= 65_535;
}

function loadConfig(env: NodeJS.ProcessEnv): ReturnType<typeof loadClientConnectConfig> {
  const file = configurationFile(env);
  const overrideEnvVars = env as Record<string, string>;
  try {
    // The SDK fails on a file without any profile, so an empty one is added.
    const text = file === undefined ? '' : readFileSync(file, 'utf8');
    const bare = !/^\s*(?:\[\s*)?["']?profile["']?\s*[.\]=]/m.test(text);
    return loadClientConnectConfig({ overrideEnvVars, ...(bare ? { configSource: { data: `${text}\n[profile]\n` } } : {}) });
  } catch (error) {
    const where = file === undefined ? 'TEMPORAL_* variables' : `${file} and TEMPORAL_* variables`;
    const missing = /ENOENT[^']*'([^']+)'/.exec(messageOf(error))?.[1];
    const what =
      missing === undefined
        ? messageOf(error)
            .replaceAll(/\s*\n\s*/g, ' ')
            .trim()
        : `there is no file ${missing}`;
    throw badInput(`Temporal's settings (${where}): ${what}`, { cause: error });
  }
}

/** Path of Temporal's configuration file (TEMPORAL_CONFIG_FILE, else its default path); undefined if that file does not exist. */
function configurationFile(env: NodeJS.ProcessEnv): string | undefined {
  const file = env.TEMPORAL_CONFIG_FILE ?? path.join(configurationFolder(env), 'temporalio', 'temporal.toml');
  return existsSync(file) ? file : undefined;
}

function configurationFolder(env: NodeJS.ProcessEnv): string {
  const home = env.HOME ?? homedir();
  if (process.platform === 'win32') return env.APPDATA ?? path.join(home, 'AppData', 'Roaming');
  if (process.platform === 'darwin') return path.join(home, 'Library', 'Application Support');
  return env.XDG_CONFIG_HOME || path.join(home, '.config');
}

/** Creates the error for a Temporal server that does not answer. */
export function temporalUnreachable(address: string, error: unknown): PredictLabError {
  return unreachable(`${address} (${messageOf(error)}); ${START}`, error);
}

/** Creates the error for a connection that failed. For a connection with TLS it makes another one to find the reason. */
export async function temporalRefused({ address, options }: TemporalSettings, error: unknown): Promise<PredictLabError> {
  if (!isSecured(options)) return temporalUnreachable(address, error);
  const trouble = await (await import('./tls-trouble.ts')).tlsTrouble(options);
  if (trouble !== undefined) return unreachable(`${address}: ${trouble}`, error);
  const tls = 'TLS or an API key is set (TEMPORAL_TLS…, TEMPORAL_API_KEY), which a plain server does not speak';
  return unreachable(`${address} (${messageOf(error)}); ${tls}; ${START}`, error);
}

const START = 'start it with `predictlab dev` or `temporal server start-dev`, or set TEMPORAL_ADDRESS';

const unreachable = (what: string, cause: unknown): PredictLabError =>
  new PredictLabError('SourceUnavailable', `cannot reach Temporal at ${what}`, { cause });

/** Whether a connection uses TLS: because it is set, or because there is an API key, which must not be sent in clear text. */
const isSecured = ({ tls, apiKey }: ConnectionOptions): boolean => Boolean(tls) || apiKey !== undefined;
