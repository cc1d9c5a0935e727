import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { WorkerOptions } from '@temporalio/worker';
import { MissingPartError } from '../contracts/missing-part.ts';
import { VERSION } from '../version.ts';

export type WorkflowCode = Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'>;

/**
 * The workflows of this build: bundled beside it, or, from source, bundled when they are asked for.
 *
 * @param sealing what their failures say becomes payloads, which a codec seals
 * @param from where this module is
 * @throws MissingPartError where there is neither
 */
export function workflowCode(sealing: boolean, from: string = import.meta.url): WorkflowCode {
  const codePath = fileURLToPath(new URL(sealing ? '../../workflow-bundle-sealed.js' : '../../workflow-bundle.js', from));
  if (existsSync(codePath)) return { workflowBundle: { codePath } };
  const workflowsPath = fileURLToPath(new URL('../workflows/index.ts', from));
  if (existsSync(workflowsPath)) return { workflowsPath };
  throw new MissingPartError(`Cannot find module '${codePath}'`);
}

/**
 * `0.1.0+1f3a9c02`: our version, and which workflows; what an unversioned worker calls its code. It is written with each workflow
 * task and activity; the SDK's own is 92 bytes, which was a fifth of a symbol's history.
 */
export async function workflowMark({ workflowBundle }: WorkflowCode): Promise<string> {
  if (workflowBundle === undefined) return `${VERSION}+source`;
  const code = 'code' in workflowBundle ? workflowBundle.code : await readFile(workflowBundle.codePath);
  return `${VERSION}+${createHash('sha256')
    .update(withoutMap(Buffer.from(code)))
    .digest('hex')
    .slice(0, 8)}`;
}

/** What runs of bundled workflows: their source map changes no run, and its columns say how long the name of the build's folder is. */
export function withoutMap(code: Buffer): Buffer {
  const at = code.lastIndexOf('\n//# sourceMappingURL=data:');
  return at === -1 ? code : code.subarray(0, at);
}
