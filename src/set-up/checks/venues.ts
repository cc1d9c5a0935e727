import { messageOf } from '../../contracts/errors.ts';
import { type VenueEndpoint, venueEndpoints, venueKeys } from '../../sources/create-sources.ts';
import { ANSWER_TIMEOUT_MS, type CheckResult } from './check.ts';

/**
 * Checks that each venue's hosts answer with JSON: HTML means that the venue blocks this address or region. A refusal of the request itself
 * (no key, a missing parameter) counts as an answer.
 */
export async function checkVenues(env: NodeJS.ProcessEnv): Promise<readonly CheckResult[]> {
  let endpoints: readonly VenueEndpoint[];
  try {
    endpoints = venueEndpoints(env);
  } catch (error) {
    return [{ name: 'venues', status: 'fail', detail: messageOf(error), action: 'fix that variable, or unset it' }];
  }
  const hosts = await Promise.all(endpoints.map(checkEndpoint));
  // Runs skip a venue whose key is missing anyway.
  const needed = hosts.map((host, index) =>
    host.status === 'fail' && endpoints[index].missing !== undefined ? { ...host, status: 'warn' as const } : host,
  );
  return [...needed, ...venueKeys(env).map(checkKey)];
}

async function checkEndpoint({ name, variable, url, check }: VenueEndpoint): Promise<CheckResult> {
  try {
    const response = await fetch(`${url.replace(/\/+$/, '')}${check}`, {
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

function checkKey({ title, variable, isSet }: ReturnType<typeof venueKeys>[number]): CheckResult {
  const name = `${title} key`;
  if (isSet) return { name, status: 'ok', detail: `${variable} is set` };
  const action = `set ${variable} to collect from ${title}; without it that part is skipped and runs are degraded`;
  return { name, status: 'warn', detail: `${variable} is not set`, action };
}
