import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkerOptions } from '@temporalio/worker';
import { MissingPartError } from '../contracts/errors.ts';
import { VERSION } from '../version.ts';

/** Files that can change what a run does: code, SQL, the bundled workflows. */
const CODE = /(?<!\.d)\.(?:js|ts|sql)$/;

/**
 * The id of this build, such as `0.2.0+1f3a9c02`: the version, and the first eight digits of the SHA-256 of all code by path and content.
 * Equal for equal sources on every machine. Covers neither plugins, whose hashes each run records, nor packages, which the version fixes.
 * @param folder the `src` folder of the build @default this build's own
 */
export function buildId(folder: string = fileURLToPath(new URL('..', import.meta.url))): string {
  let id = known.get(folder);
  if (id === undefined) {
    id = `${VERSION}+${codeHash(folder).slice(0, 8)}`;
    known.set(folder, id);
  }
  return id;
}

const known = new Map<string, string>();

const filesIn = (folder: string): readonly string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' });

/** Hashes the code that runs: the files of `bundle`, or, without a bundle, the files it is made from. */
function codeHash(folder: string): string {
  const hash = createHash('sha256');
  const bundled = path.join(folder, '..', 'bundle');
  const isBundled = existsSync(bundled);
  const named = filesIn(folder)
    .filter((file) => (isBundled ? file.endsWith('.sql') : CODE.test(file)))
    .map((file) => [file.replaceAll(path.sep, '/'), path.join(folder, file)] as const);
  if (isBundled) named.push(...filesIn(bundled).map((file) => [`../bundle/${file}`, path.join(bundled, file)] as const));
  const workflows = path.join(folder, '..', 'workflow-bundle.js');
  if (existsSync(workflows)) named.push(['../workflow-bundle.js', workflows]);
  for (const [name, file] of named.sort(([a], [b]) => (a < b ? -1 : 1))) {
    const read = readFileSync(file);
    const text = file === workflows ? withoutMap(read) : read;
    hash.update(`${name};${text.length};`).update(text);
  }
  return hash.digest('hex');
}

type WorkflowCode = Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'>;

/**
 * The workflow code of this build: its bundle, or, when running from source, the source to bundle.
 * @param sealing whether to use the bundle with the failure converter, with which a codec also encrypts failures
 * @param from URL of this module
 * @throws MissingPartError where neither exists
 */
export function workflowCode(sealing: boolean, from: string = import.meta.url): WorkflowCode {
  const codePath = fileURLToPath(new URL(sealing ? '../../workflow-bundle-sealed.js' : '../../workflow-bundle.js', from));
  if (existsSync(codePath)) return { workflowBundle: { codePath } };
  const workflowsPath = fileURLToPath(new URL('../workflows/index.ts', from));
  if (existsSync(workflowsPath)) return { workflowsPath };
  throw new MissingPartError(`Cannot find module '${codePath}'`);
}

/**
 * The build id of an unversioned worker, `0.2.0+1f3a9c02`: version and hash of the workflows. It is short, because Temporal records it with
 * each workflow task and activity: the SDK's default of 92 bytes took a fifth of a symbol's history.
 */
export async function workflowMark({ workflowBundle }: WorkflowCode): Promise<string> {
  if (workflowBundle === undefined) return `${VERSION}+source`;
  const code = 'code' in workflowBundle ? workflowBundle.code : await readFile(workflowBundle.codePath);
  return `${VERSION}+${createHash('sha256')
    .update(withoutMap(Buffer.from(code)))
    .digest('hex')
    .slice(0, 8)}`;
}

/** Removes the source map from bundled workflows: it does not affect runs, but depends on the path of the build's folder. */
function withoutMap(code: Buffer): Buffer {
  const at = code.lastIndexOf('\n//# sourceMappingURL=data:');
  return at === -1 ? code : code.subarray(0, at);
}
