import { readFileSync } from 'node:fs';

/** The version of this build, from the package it ships in. */
export const VERSION: string = (() => {
  // one folder up from src/ in the sources, two from dist/src/ in a build
  for (const up of ['../package.json', '../../package.json']) {
    try {
      return (JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8')) as { version: string }).version;
    } catch {
      // not at this distance
    }
  }
  return '0.0.0';
})();
