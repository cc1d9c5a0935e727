// Becomes dist/vendor/load-compiled.js. Node.js 20 keeps no compiled code of modules; what a build has compiled is taken from beside them.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import vm from 'node:vm';

const FOLDER = import.meta.dirname;
const PARAMETERS = ['exports', 'require', 'module', '__filename', '__dirname'];
const compiledOf = (file) => `${file}.v8`;

const modules = new Map();
const scripts = new Map();

/**
 * What a CommonJS file of this folder exports, run once a process or thread. Its name carries the hash of its content, so that the
 * compiled code beside it is of this very text; another version of V8, or one with other flags, compiles anew.
 */
export function load(name) {
  const known = modules.get(name);
  if (known !== undefined) return known.exports;
  const file = path.join(FOLDER, name);
  const module = { exports: {} };
  const script = new vm.Script(`(function (${PARAMETERS.join(', ')}) {${sourceOf(file)}\n})`, {
    // compiled code keeps the name it was compiled under: no folder, or stack traces would name the one of the build
    filename: `predictlab/dist/vendor/${name}`,
    cachedData: compiled(file),
  });
  scripts.set(file, script);
  modules.set(name, module);
  const others = createRequire(file);
  const require = Object.assign((id) => (id.startsWith('./') ? load(id.slice(2)) : others(id)), others);
  try {
    script.runInThisContext()(module.exports, require, module, file, FOLDER);
  } catch (error) {
    // not half of it for whoever asks next
    modules.delete(name);
    throw error;
  }
  return module.exports;
}

/** Told as `require` tells it, by which the command line knows half an installation. */
function sourceOf(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    throw Object.assign(new Error(`Cannot find module '${file}'`), { code: 'MODULE_NOT_FOUND' });
  }
}

/** Nothing where it is not what was kept: V8 looks at its first bytes only, and what a power cut left of the others ends the process. */
function compiled(file) {
  try {
    const kept = readFileSync(compiledOf(file));
    const code = kept.subarray(DIGEST_BYTES);
    return digestOf(code).equals(kept.subarray(0, DIGEST_BYTES)) ? code : undefined;
  } catch {
    return undefined;
  }
}

const digestOf = (code) => createHash('sha1').update(code).digest();
const DIGEST_BYTES = 20;

/** For the build: keeps what has been compiled until now, with the functions that loading has called. */
export function keepCompiled() {
  for (const [file, script] of scripts) {
    const code = script.createCachedData();
    writeFileSync(compiledOf(file), Buffer.concat([digestOf(code), code]));
  }
}
