/** The URL of a server that listens on a Unix socket in `directory`; understood by `pg` and by libpq. */
export function socketUrl(directory: string, database: string): string {
  return `postgresql://postgres@localhost/${database}?host=${encodeURIComponent(directory)}`;
}

/** Where a database is, for messages: `host:port/name` or `<socket folder>/name`, never with a password. */
export function addressOf(url: string): string {
  try {
    const parsed = new URL(url);
    const socket = parsed.searchParams.get('host');
    return socket?.startsWith('/') === true
      ? `${socket}${parsed.pathname}`
      : `${parsed.hostname}:${parsed.port || '5432'}${parsed.pathname}`;
  } catch {
    return 'the address in DATABASE_URL (which is no URL: postgresql://user:password@host:5432/name is)';
  }
}

/** The same server, another database. */
export function databaseUrlOf(url: string, database: string): string {
  const parsed = new URL(url);
  parsed.pathname = `/${database}`;
  return parsed.toString();
}
