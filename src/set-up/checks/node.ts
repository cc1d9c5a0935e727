import type { CheckResult } from './check.ts';

/** The oldest supported Node.js, as in package.json. */
const REQUIRED = [20, 19] as const;

/** Checks that Node.js is new enough. */
export async function checkNode(version: string = process.versions.node): Promise<readonly CheckResult[]> {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const detail = `${version} on ${process.platform}-${process.arch}`;
  if (major > REQUIRED[0] || (major === REQUIRED[0] && minor >= REQUIRED[1])) return [{ name: 'Node.js', status: 'ok', detail }];
  return [{ name: 'Node.js', status: 'fail', detail, action: `install Node.js ${REQUIRED.join('.')} or newer from https://nodejs.org` }];
}
