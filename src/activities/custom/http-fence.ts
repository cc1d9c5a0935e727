import { lookup as lookupName } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { domainToASCII } from 'node:url';
import type { Agent } from 'undici';
import { badInput } from '../../contracts/errors.ts';

/** Link-local addresses, and addresses at which clouds serve credentials of machines: refused unless the address itself is listed. */
const METADATA = new BlockList();
METADATA.addSubnet('169.254.0.0', 16, 'ipv4');
METADATA.addSubnet('fe80::', 10, 'ipv6');
METADATA.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');
for (const address of ['100.100.100.200', '168.63.129.16', '192.0.0.192']) METADATA.addAddress(address, 'ipv4');
for (const address of ['fd00:ec2::254', 'fd20:ce::254']) METADATA.addAddress(address, 'ipv6');

/** Loopback, private networks and other addresses that are not public: refused unless the host is listed. */
const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  PRIVATE.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::', 127],
  ['fc00::', 7],
  ['fec0::', 10],
  ['ff00::', 8],
  // private networks through NAT64
  ['64:ff9b::', 104],
  ['64:ff9b::a00:0', 104],
  ['64:ff9b::7f00:0', 104],
  ['64:ff9b::ac10:0', 108],
  ['64:ff9b::c0a8:0', 112],
  ['64:ff9b:1::', 48],
] as const)
  PRIVATE.addSubnet(network, prefix, 'ipv6');

export interface HttpFence {
  /** Returns an agent that also checks each address to which a host name resolves. */
  agent(): Promise<Agent>;
  /** @throws PredictLabError BadInput when tasks may not call this address */
  check(url: URL): void;
}

/**
 * Reads `PREDICTLAB_HTTP_ALLOW`, the hosts that tasks may call, comma-separated: `desk.example.com`, `*.example.com`, `127.0.0.1:8080`; `*`
 * (the default) is every public host. A private or loopback address is reached only through a listed host, a link-local or metadata address
 * only if the address itself is listed.
 *
 * @param resolve finds the addresses of a name. @default the system's
 * @throws PredictLabError BadInput when an entry of the variable is not a host
 */
export function createHttpFence(env: NodeJS.ProcessEnv, resolve: typeof lookupName = lookupName): HttpFence {
  const rules = env.PREDICTLAB_HTTP_ALLOW ? env.PREDICTLAB_HTTP_ALLOW.split(',').map(readRule) : undefined;
  const isListed = (host: string): boolean => rules?.some((rule) => rule.host !== EVERY_PUBLIC && fits(rule, host)) ?? false;
  /** Returns why a request is refused, or undefined. @param host a name that resolves to the address, or the address itself */
  const refusal = (host: string, address: string): string | undefined => {
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    const through = host === address ? '' : ` (${host} resolves to it)`;
    if (METADATA.check(address, family) && !isListed(address))
      return `${address}${through} is a link-local or metadata address, which tasks may not call; list the address itself in PREDICTLAB_HTTP_ALLOW if they may`;
    if (PRIVATE.check(address, family) && !isListed(host))
      return `${address}${through} is a private or loopback address, which tasks may not call; list ${host} in PREDICTLAB_HTTP_ALLOW of the worker if they may`;
    return undefined;
  };
  const lookup: LookupFunction = (host, options, done) =>
    resolve(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return done(error, '', 4);
      for (const { address } of addresses) {
        const refused = refusal(host, address);
        if (refused !== undefined) return done(badInput(refused), '', 4);
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
      if (rules !== undefined && !rules.some((rule) => rule.host === EVERY_PUBLIC || fits(rule, host, port)))
        throw badInput(`${url.host} is not among PREDICTLAB_HTTP_ALLOW, the hosts that tasks may call; add it there on the worker`);
      // A host that is an address is checked here, because it is never looked up.
      const refused = isIP(host) === 0 ? undefined : refusal(host, host);
      if (refused !== undefined) throw badInput(refused);
    },
  };
}

/** The host of the rule `*`. */
const EVERY_PUBLIC = '*';

interface Rule {
  readonly host: string;
  /** Whether the rule matches the host's subdomains instead of the host itself. */
  readonly below: boolean;
  /** The port that is allowed. @default every port */
  readonly port?: string;
}

/** Whether a rule matches a host and port; a rule without a port matches every port. */
const fits = ({ host, below, port }: Rule, wanted: string, wantedPort?: string): boolean =>
  (below ? wanted.endsWith(`.${host}`) : wanted === host) && (port === undefined || wantedPort === undefined || port === wantedPort);

function readRule(text: string): Rule {
  const written = text.trim();
  if (written === EVERY_PUBLIC) return { host: EVERY_PUBLIC, below: false };
  const below = written.startsWith('*.');
  const rest = below ? written.slice(2) : written;
  const [, bracketed, named, port] =
    /^(?:\[([0-9a-f:.]+)\]|([^:/\s*@[\]?#]+))(?::(\d{1,5}))?$/i.exec(isIP(rest) === 6 ? `[${rest}]` : rest) ?? [];
  const host =
    bracketed === undefined ? (named === undefined ? '' : domainToASCII(named)) : new URL(`http://[${bracketed}]`).hostname.slice(1, -1);
  if (host === '' || (port !== undefined && Number(port) > 65_535)) {
    throw badInput(
      `PREDICTLAB_HTTP_ALLOW has ${JSON.stringify(written.slice(0, 80))}; write hosts separated by commas, like desk.example.com, *.example.com, 127.0.0.1:8080, or * for every public host`,
    );
  }
  return { host, below, ...(port === undefined ? {} : { port: String(Number(port)) }) };
}
