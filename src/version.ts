import { readFileSync } from 'node:fs';

/** The version of this build, from the `package.json` of the package that contains it. */
export const VERSION: string = (() => {
  // `package.json` is one folder above src/ in the sources, and two above dist/src/ in a build
  for (const up of ['../package.json', '../../package.json']) {
    try {
      return (JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8')) as { version: string }).version;
    } catch {
      // there is no `package.json` in this folder
    }
  }
  return '0.0.0';
})();
