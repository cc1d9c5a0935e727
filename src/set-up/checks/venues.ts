import { messageOf } from '../../contracts/errors.ts';
import { readSourceSettings, type SourceSettings } from '../../sources/settings.ts';
import { ANSWER_TIMEOUT_MS, type CheckResult } from './check.ts';

/** A venue's host, and a small request that it answers without a key. */
interface Endpoint {
  readonly name: string;
  readonly variable: string;
  readonly url: string;
  readonly probe: string;
}

/**
 * Checks that each venue's hosts answer with JSON: an HTML page means that the venue blocks this address or region. A refusal of the
 * request itself (no key, a missing parameter) counts as an answer.
 */
export async function checkVenues(env: NodeJS.ProcessEnv): Promise<readonly CheckResult[]> {
  let settings: SourceSettings;
  try {
    settings = readSourceSettings(env);
  } catch (error) {
    return [{ name: 'venues', status: 'fail', detail: messageOf(error), action: 'fix that variable, or unset it' }];
  }
  const { polymarket, predict } = settings;
  const endpoints: readonly Endpoint[] = [
    { name: 'Polymarket Gamma', variable: 'POLYMARKET_GAMMA_URL', url: polymarket.gammaUrl, probe: '/markets?limit=1' },
    { name: 'Polymarket CLOB', variable: 'POLYMARKET_CLOB_URL', url: polymarket.clobUrl, probe: '/midpoint' },
    { name: 'Polymarket Data', variable: 'POLYMARKET_DATA_URL', url: polymarket.dataUrl, probe: '/v2/trades?limit=1' },
    { name: 'Predict.fun', variable: 'PREDICT_API_URL', url: predict.url, probe: '/v1/markets?first=1' },
  ];
  const hosts = await Promise.all(endpoints.map(checkEndpoint));
  const hasKey = predict.apiKey !== undefined;
  // without a key runs skip Predict.fun anyway
  const needed = hosts.map((host) =>
    host.name === 'Predict.fun' && host.status === 'fail' && !hasKey ? { ...host, status: 'warn' as const } : host,
  );
  return [...needed, checkKey(hasKey)];
}

async function checkEndpoint({ name, variable, url, probe }: Endpoint): Promise<CheckResult> {
  try {
    const response = await fetch(`${url.replace(/\/+$/, '')}${probe}`, {
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      headers: { accept: 'application/json' },
    });
    const type = response.headers.get('content-type') ?? '';
    await response.body?.cancel();
    if (type.includes('html')) {
      const detail = `${url} answers ${response.status} with a web page: it blocks this address or region`;
      return { name, status: 'fail', detail, action: `use another network, or point ${variable} at a host that serves you`, service: true };
    }
    if (response.status >= 500) {
      return {
        name,
        status: 'fail',
        detail: `${url} answers ${response.status}`,
        action: 'wait for the venue; runs retry by themselves',
        service: true,
      };
    }
    return { name, status: 'ok', detail: url };
  } catch (error) {
    const reason = messageOf(error instanceof TypeError && error.cause ? error.cause : error);
    return {
      name,
      status: 'fail',
      detail: `${url} does not answer (${reason})`,
      action: `check the network, or set ${variable}`,
      service: true,
    };
  }
}

function checkKey(hasKey: boolean): CheckResult {
  const name = 'Predict.fun key';
  if (hasKey) return { name, status: 'ok', detail: 'PREDICT_API_KEY is set' };
  const action = 'set PREDICT_API_KEY to collect from Predict.fun; without it that part is skipped and runs are degraded';
  return { name, status: 'warn', detail: 'PREDICT_API_KEY is not set', action };
}
