import { InvalidArgumentError } from 'commander';

/** Where the live pages are unless said otherwise. */
export const LIVE_PAGES_PORT = 8270;

/** A TCP port given as an option. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new InvalidArgumentError('a port is a whole number from 1 to 65535.');
  return port;
}
