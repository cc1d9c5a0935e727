// Becomes dist/vendor/load-compiled.js. Node.js 20 keeps no compiled code of modules; what a build has compiled is taken from beside them.
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
  modules.set(name, module);
  const script = new vm.Script(`(function (${PARAMETERS.join(', ')}) {${readFileSync(file, 'utf8')}\n})`, {
    // compiled code keeps the name it was compiled under: no folder, or stack traces would name the one of the build
    filename: `predictlab/dist/vendor/${name}`,
    cachedData: compiled(file),
  });
  scripts.set(file, script);
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

function compiled(file) {
  try {
    return readFileSync(compiledOf(file));
  } catch {
    return undefined;
  }
}

/** For the build: keeps what has been compiled until now, with the functions that loading has called. */
export function keepCompiled() {
  for (const [file, script] of scripts) writeFileSync(compiledOf(file), script.createCachedData());
}
