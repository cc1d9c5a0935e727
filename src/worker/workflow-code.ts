import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { WorkerOptions } from '@temporalio/worker';
import { MissingPartError } from '../contracts/missing-part.ts';
import { VERSION } from '../version.ts';

export type WorkflowCode = Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'>;

/**
 * The workflow code of this build: the bundle next to it, or, when running from source, the source to bundle.
 *
 * @param sealing whether to use the bundle with the failure converter, so that a codec seals failures
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
 * The build id of an unversioned worker, such as `0.2.0+1f3a9c02`: our version and a hash of the workflows. Temporal records it with
 * each workflow task and activity; the SDK's default has 92 bytes, which was a fifth of a symbol's history.
 */
export async function workflowMark({ workflowBundle }: WorkflowCode): Promise<string> {
  if (workflowBundle === undefined) return `${VERSION}+source`;
  const code = 'code' in workflowBundle ? workflowBundle.code : await readFile(workflowBundle.codePath);
  return `${VERSION}+${createHash('sha256')
    .update(withoutMap(Buffer.from(code)))
    .digest('hex')
    .slice(0, 8)}`;
}

/** Removes the source map of bundled workflows: it does not affect runs, and it depends on the path of the build's folder. */
export function withoutMap(code: Buffer): Buffer {
  const at = code.lastIndexOf('\n//# sourceMappingURL=data:');
  return at === -1 ? code : code.subarray(0, at);
}
