import { badInput } from '../../contracts/errors.ts';

/** URL of the embedded server's Unix socket, for `pg` and libpq. Overrides PG… variables, which are meant for another server. */
export function socketUrl(directory: string, database: string): string {
  const settings = { host: directory, sslmode: 'disable', options: '-c timezone=UTC' };
  const query = Object.entries(settings).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `postgresql://postgres@localhost:5432/${database}?${query.join('&')}`;
}

/**
 * Returns a URL that a user gave, unchanged.
 * @throws PredictLabError `BadInput` when it is not a URL of Postgres; the message never contains the URL, which may contain a password
 */
export function checkedUrl(url: string): string {
  const says = /^(postgres(ql)?:\/\/|socket:|\/)/.test(url) ? problemOf(url) : 'it is not a URL of Postgres';
  if (says === undefined) return url;
  throw badInput(
    `DATABASE_URL cannot be used: ${says}; write postgresql://user:password@host:5432/name, with %40 for @, %2F for / and %23 for # in the password`,
  );
}

function problemOf(url: string): string | undefined {
  if (url.startsWith('/')) return undefined;
  const [authority, query = ''] = url.replace(/^\w+:\/\//, '').split('?');
  if (/^([^/]*@)?[^/@]*,/.test(authority) || /(^|&)host=[^&]*(,|%2C)/i.test(query))
    return 'it names several hosts; name the primary server, or a proxy in front of them';
  // the host may be missing where the query names a socket
  for (const candidate of [url, url.replace('@/', '@localhost/').replace(':///', '://localhost/')]) {
    if (URL.canParse(candidate)) return undefined;
  }
  return 'its host or port cannot be read';
}

/** The address of a database for messages: `host:port/name` or `<socket folder>/name`, never with a password. */
export function addressOf(url: string): string {
  try {
    const parsed = new URL(url);
    const socket = parsed.searchParams.get('host');
    return socket?.startsWith('/') === true
      ? `${socket}${parsed.pathname}`
      : `${parsed.hostname}:${parsed.port || '5432'}${parsed.pathname}`;
  } catch {
    return 'the address in DATABASE_URL';
  }
}

/** Whether a server is reached through a socket on this machine. */
export const isSocket = (url: string): boolean => addressOf(url).startsWith('/');

/** The URL of another database on the same server. */
export function databaseUrlOf(url: string, database: string): string {
  const parsed = new URL(url);
  parsed.pathname = `/${database}`;
  return parsed.toString();
}
