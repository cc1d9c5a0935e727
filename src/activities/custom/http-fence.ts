import { lookup as lookupName } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { domainToASCII } from 'node:url';
import type { Agent } from 'undici';
import { PredictLabError } from '../../contracts/errors.ts';

/** Where a cloud's machines find their own credentials, and other addresses that only the machine itself can mean. */
const REFUSED = new BlockList();
REFUSED.addSubnet('169.254.0.0', 16, 'ipv4');
REFUSED.addSubnet('fe80::', 10, 'ipv6');
REFUSED.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');
for (const address of ['100.100.100.200', '168.63.129.16', '192.0.0.192']) REFUSED.addAddress(address, 'ipv4');
for (const address of ['fd00:ec2::254', 'fd20:ce::254']) REFUSED.addAddress(address, 'ipv6');

/** Which hosts the requests of custom tasks may go to. */
export interface HttpFence {
  /** Follows the fence after names are resolved, too. */
  agent(): Promise<Agent>;
  /** @throws PredictLabError BadInput when the fence is closed to this address */
  check(url: URL): void;
}

/**
 * `PREDICTLAB_HTTP_ALLOW`: hosts, comma-separated, `desk.example.com`, `*.example.com`, `127.0.0.1:8080`. Without it every host, but
 * for link-local addresses and those where clouds keep credentials; these must be named as addresses to be reached.
 *
 * @param resolve finds the addresses of a name. @default the system's
 * @throws PredictLabError BadInput when the variable is written otherwise
 */
export function createHttpFence(env: NodeJS.ProcessEnv, resolve: typeof lookupName = lookupName): HttpFence {
  const rules = env.PREDICTLAB_HTTP_ALLOW ? env.PREDICTLAB_HTTP_ALLOW.split(',').map(readRule) : undefined;
  const isNamed = (address: string): boolean => rules?.some(({ host }) => host === address) ?? false;
  const refusal = (host: string, address: string): string | undefined => {
    if (isNamed(address) || !REFUSED.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')) return undefined;
    const through = host === address ? '' : ` (${host} resolves to it)`;
    return `${address}${through} is a link-local or metadata address, which tasks may not ask; name the address itself in PREDICTLAB_HTTP_ALLOW if it is meant`;
  };
  const lookup: LookupFunction = (host, options, done) =>
    resolve(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return done(error, '', 4);
      for (const { address } of addresses) {
        const refused = refusal(host, address);
        if (refused !== undefined) return done(new PredictLabError('BadInput', refused), '', 4);
      }
      if (options.all) done(null, addresses);
      else done(null, addresses[0].address, addresses[0].family);
    });
  let agent: Promise<Agent> | undefined;
  return {
    agent: async () => await (agent ??= import('undici').then((client) => new client.Agent({ connect: { lookup } }))),
    check(url) {
      const host = url.hostname.replace(/^\[|\]$/g, '');
      const port = url.port || (url.protocol === 'https:' ? '443' : '80');
      if (rules !== undefined && !rules.some((rule) => fits(rule, host, port)))
        throw new PredictLabError(
          'BadInput',
          `${url.host} is not among PREDICTLAB_HTTP_ALLOW, the hosts that tasks may ask; add it there on the worker`,
        );
      // Nothing is resolved for an address.
      const refused = isIP(host) === 0 ? undefined : refusal(host, host);
      if (refused !== undefined) throw new PredictLabError('BadInput', refused);
    },
  };
}

interface Rule {
  readonly host: string;
  /** Whether hosts below it are meant, and not itself. */
  readonly below: boolean;
  /** @default every port */
  readonly port?: string;
}

const fits = ({ host, below, port }: Rule, asked: string, askedPort: string): boolean =>
  (below ? asked.endsWith(`.${host}`) : asked === host) && (port === undefined || port === askedPort);

function readRule(text: string): Rule {
  const written = text.trim();
  const below = written.startsWith('*.');
  const rest = below ? written.slice(2) : written;
  const [, bracketed, named, port] =
    /^(?:\[([0-9a-f:.]+)\]|([^:/\s*@[\]?#]+))(?::(\d{1,5}))?$/i.exec(isIP(rest) === 6 ? `[${rest}]` : rest) ?? [];
  const host =
    bracketed === undefined ? (named === undefined ? '' : domainToASCII(named)) : new URL(`http://[${bracketed}]`).hostname.slice(1, -1);
  if (host === '' || (port !== undefined && Number(port) > 65_535)) {
    throw new PredictLabError(
      'BadInput',
      `PREDICTLAB_HTTP_ALLOW has ${JSON.stringify(written.slice(0, 80))}; write hosts separated by commas, like desk.example.com, *.example.com or 127.0.0.1:8080`,
    );
  }
  return { host, below, ...(port === undefined ? {} : { port: String(Number(port)) }) };
}
