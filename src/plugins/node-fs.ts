import fs from 'node:fs';
import util from 'node:util';

/** Node.js 20 has no such function. A plugin cannot change what it returns, unlike the stack of an error. */
const { getCallSites } = util as { getCallSites?: (frames: number) => readonly { readonly scriptId?: string }[] };

/** Script of `node:fs` in which `readFileSync`, also of modules, calls exported functions; undefined where it calls none, as in Node.js 20. */
let script: string | undefined;

/** Finds the script of `node:fs`; call it before `fs.openSync` is watched. */
export function findNodeFs(): void {
  const { openSync } = fs;
  fs.openSync = () => {
    script = getCallSites?.(2)[1]?.scriptId;
    throw new Error('only looks for its caller');
  };
  try {
    fs.readFileSync('');
  } catch {
    // opens no file: either the error above, or that of an empty path
  } finally {
    fs.openSync = openSync;
  }
}

/** Whether `node:fs` called the watched function whose note calls this one: reading a file uses no other state of the process. */
export const isCalledByNodeFs = (): boolean => script !== undefined && getCallSites?.(4)[3]?.scriptId === script;
