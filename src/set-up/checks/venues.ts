import { messageOf } from '../../contracts/errors.ts';
import { type VenueEndpoint, venueEndpoints, venueKeys } from '../../sources/create-sources.ts';
import { ANSWER_TIMEOUT_MS, away, broken, type CheckResult, ok, warn } from './check.ts';

/**
 * Checks that the hosts of each venue answer. A web page instead of data means that the venue blocks this address or region. A refusal of
 * the request itself (no key, a missing parameter) counts as an answer.
 */
export async function checkVenues(env: NodeJS.ProcessEnv): Promise<readonly CheckResult[]> {
  let endpoints: readonly VenueEndpoint[];
  try {
    endpoints = venueEndpoints(env);
  } catch (error) {
    return [broken('venues', messageOf(error), 'fix that variable, or unset it')];
  }
  const hosts = await Promise.all(endpoints.map(checkEndpoint));
  // A host whose key is missing only causes a warning, because runs skip its venue.
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
      return away(name, detail, `use another network, or point ${variable} at a host that serves you`);
    }
    if (response.status < 500) return ok(name, url);
    return away(name, `${url} answers ${response.status}`, 'wait for the venue; runs retry by themselves');
  } catch (error) {
    const reason = messageOf(error instanceof TypeError && error.cause ? error.cause : error);
    return away(name, `${url} does not answer (${reason})`, `check the network, or set ${variable}`);
  }
}

function checkKey({ title, variable, isSet }: ReturnType<typeof venueKeys>[number]): CheckResult {
  const name = `${title} key`;
  if (isSet) return ok(name, `${variable} is set`);
  return warn(
    name,
    `${variable} is not set`,
    `set ${variable} to collect from ${title}; without it that part is skipped and runs are degraded`,
  );
}
