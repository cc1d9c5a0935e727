import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { requireBuiltIns } from '../backtest/engine/fence.ts';
import { watchAmbientState } from './ambient-state.ts';
import { callsUnseen } from './late-code.ts';
import {
  importedBy,
  isInPackage,
  isUsedPackage,
  OWN_LIBRARY,
  packageFacts,
  packageModules,
  packageName,
  watchImports,
} from './module-graph.ts';
import { ambientInDecisions, isBeyond, noteAmbient, recordReads, type Taken, watchOutsideWorld } from './outside-world.ts';
import { clearSharedMemory, noteNodeReached, noteUnseenCode, recordSharedObjects } from './shared-objects.ts';

/** Identity of a plugin's code: a hash of everything that was loaded and read for it, and what that hash cannot cover. */
export interface PluginCode {
  /** Hex SHA-256 of all files of the plugin that were loaded or read, and of its packages' versions; paths are left out. */
  readonly hash: string;
  /** The reason why the hash does not cover all code at this time (a module may load more later); undefined if it does. */
  gap(): string | undefined;
  /** The reason why the plugin may know future data (it reads a data file or contains a table of values); undefined if it has none. */
  readonly dataGap: string | undefined;
  /** The reason why the plugin may receive a signal from another series, through state of the process; undefined if it uses none. */
  ambientGap(strategies: readonly string[]): string | undefined;
  /** Runs code that may call the module's own, such as its getters, and records what that uses. */
  asModule<T>(work: () => T): T;
}

/** What the latest copy of each module took, by the module's URL. */
const latest = new Map<string, Pick<Taken, 'unhashed' | 'late' | 'ambient'>>();

/**
 * Loads a plugin's module from its `file:` URL and hashes everything that the module imports, requires or opens meanwhile.
 * @throws PredictLabError BadInput when the module changed a built-in that the engine uses; the built-in is restored
 */
export async function loadWithCode<T>(url: string, load: () => Promise<T>): Promise<{ readonly loaded: T; readonly code: PluginCode }> {
  watchImports();
  watchOutsideWorld();
  watchAmbientState(noteAmbient);
  // loaded before the recording starts, which concerns only the plugin
  if (OWN_LIBRARY !== undefined) await import(OWN_LIBRARY);
  recordSharedObjects();
  clearSharedMemory(isUsedPackage);
  // what one copy did counts for all: it may have left something for the later ones
  const earlier = latest.get(url) ?? { unhashed: new Set(), late: new Set(), ambient: new Set() };
  const taken: Taken = { ...earlier, url, files: new Set(), hashed: false, ended: false };
  latest.set(url, taken);
  requireBuiltIns('was changed earlier in this process');
  const loaded = await recordReads(taken, load);
  requireBuiltIns('was changed by the module while it was loaded');
  const code = codeOf(url, taken);
  // Node's loader ends its own work after the module's code
  await setImmediate();
  taken.ended = true;
  const unseen = callsUnseen([...taken.unhashed, ...taken.ambient]);
  if (unseen !== undefined) noteUnseenCode(unseen);
  return { loaded, code };
}

function codeOf(url: string, taken: Taken): PluginCode {
  const isOwn = (place: string): boolean => isInPackage(url) || !isInPackage(place);
  const modules = new Set(importedBy(url));
  // imports that run later are found in the text, where their path is literal
  for (const one of modules) if (one.startsWith('file:') && isOwn(one)) for (const next of writtenImports(one)) modules.add(next);
  const files = new Set(taken.files);
  const parts = new Set<string>();
  for (const one of modules) {
    if (one.startsWith('file:') && isOwn(one)) files.add(fileURLToPath(one));
    else if (one.startsWith('file:')) parts.add(packageText(one));
    else if (one.startsWith('data:')) parts.add(one);
    else if (!one.startsWith('node:')) taken.unhashed.add(`import of ${one}`);
    else {
      noteNodeReached();
      if (isBeyond(one)) taken.unhashed.add(one);
    }
  }
  taken.hashed = true;
  const own = [...files].filter(isOwn);
  for (const name of taken.files) if (isInPackage(name)) readByPackages.add(name);
  const data = own.find((name) => !CODE.test(name));
  const table = own.find((name) => CODE.test(name) && hasTable(contentOf(name)));
  for (const name of own) parts.add(contentOf(name));
  const hash = createHash('sha256');
  for (const part of [...parts].sort()) hash.update(`${part.length};`).update(part);
  return {
    hash: hash.digest('hex'),
    dataGap:
      data !== undefined
        ? `its module reads ${path.basename(data)} while it is loaded, ${UNSEEN}`
        : table !== undefined
          ? `its file ${path.basename(table)} holds a table of values, ${UNSEEN}`
          : packageGap(url, modules),
    ambientGap(strategies) {
      const used = taken.ambient.values().next().value ?? ambientInDecisions(strategies);
      return used && `its code uses ${used}, through which a signal from another series may pass that no re-run can see; leave it out`;
    },
    asModule: (work) => recordReads(taken, work),
    gap() {
      const [unhashed] = taken.unhashed;
      if (unhashed !== undefined) return `its module uses ${unhashed} while it is loaded, whose answer is in no hash; read it from a file`;
      const [late] = taken.late;
      if (late !== undefined) return `its module has read ${late} after it was loaded, which is in no hash; read it at the top`;
      const later = [...importedBy(url)].find((one) => !modules.has(one));
      return later === undefined ? undefined : `its module has loaded ${later} later, which is in no hash; import it at the top`;
    },
  };
}

const UNSEEN = 'and no proof can see whether what it holds was known at the time of a decision';

/** Whether code contains a table, such as a list of results: 200 numbers in a row, or a text of 500 characters without a space. */
function hasTable(code: string): boolean {
  let inRow = 0;
  for (const part of code.split(/[\s,;:[\](){}]+/)) {
    inRow = /^[-+]?[\d.]/.test(part) ? inRow + 1 : 0;
    if (inRow === 200) return true;
  }
  return /["'`][\w+/=.,:|-]{500}/.test(code);
}

/** Files in installed packages that were read while any plugin was loaded. A package reads them once, for all plugins that use it. */
const readByPackages = new Set<string>();

/** Whether each package file contains a table; kept, since installed files do not change. */
const packageTables = new Map<string, boolean>();

/** The reason why a package that a plugin uses may contain future data or keep state between series; undefined if it uses no package. */
function packageGap(url: string, modules: Iterable<string>): string | undefined {
  const own = isInPackage(url) ? packageName(url) : undefined;
  const used = [...packageModules(modules)].filter((one) => one.startsWith('file:')).map((one) => fileURLToPath(one));
  const names = new Set(used.map(packageName).filter((name) => name !== own));
  const [first] = names;
  for (const file of [...used, ...readByPackages]) {
    const name = packageName(file);
    if (!names.has(name)) continue;
    const base = path.basename(file);
    if (CODE.test(file) || base === 'package.json') {
      const holds = packageTables.get(file) ?? hasTable(contentOf(file));
      packageTables.set(file, holds);
      if (holds) return `its package ${name} holds a table of values (${base}), ${UNSEEN}`;
    } else return `its package ${name} reads ${base} while it is loaded, ${UNSEEN}`;
  }
  return first === undefined
    ? undefined
    : `its package ${first} stays loaded from series to series, and no re-run can see what it remembers; bundle it into the plugin's own file`;
}

const CODE = /\.[cm]?[jt]sx?$/;

/** Matches literal relative paths in a module's text: static and dynamic imports, re-exports, `require`. */
const RELATIVE = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(["'])(\.{1,2}\/[^"'?#]+)/g;

/** Endings that are tried for an imported path without an extension. */
const ENDINGS = ['', '.js', '.mjs', '.cjs', '.ts', '.json', '/index.js'];

function writtenImports(url: string): string[] {
  return [...contentOf(fileURLToPath(url)).matchAll(RELATIVE)].flatMap((match) => {
    const next = new URL(match[2], url).href;
    const ending = ENDINGS.find((one) => existsSync(new URL(next + one)) && statSync(new URL(next + one)).isFile());
    return ending === undefined ? [] : [next + ending];
  });
}

/** Text that identifies a package: name, version, and integrity or else the content of the loaded file. Empty for PredictLab itself. */
function packageText(url: string): string {
  const { name, version, integrity } = packageFacts(url);
  return name === 'predictlab' ? '' : `${name}@${version} ${integrity ?? contentOf(fileURLToPath(url))}`;
}

function contentOf(name: string): string {
  try {
    return statSync(name).isDirectory() ? readdirSync(name).sort().join('\n') : readFileSync(name, 'latin1');
  } catch {
    return '';
  }
}
