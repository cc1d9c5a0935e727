import type { CheckResult } from './check.ts';

/** The oldest Node.js that works, as in package.json. */
const WANTED = [20, 19] as const;

/** Node.js is new enough. */
export async function checkNode(version: string = process.versions.node): Promise<readonly CheckResult[]> {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const detail = `${version} on ${process.platform}-${process.arch}`;
  if (major > WANTED[0] || (major === WANTED[0] && minor >= WANTED[1])) return [{ name: 'Node.js', status: 'ok', detail }];
  return [{ name: 'Node.js', status: 'fail', detail, action: `install Node.js ${WANTED.join('.')} or newer from https://nodejs.org` }];
}
