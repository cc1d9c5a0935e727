import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { missingPart, PredictLabError } from '../../src/contracts/errors.ts';
import { workflowCode } from '../../src/worker/build-id.ts';
import { scratchFolder } from '../files/scratch.ts';

const folder = scratchFolder();
const thrownBy = (call: () => unknown): unknown => {
  try {
    return call();
  } catch (error) {
    return error;
  }
};
const AFTER = '; run: npm run build, or where it is installed, npm install predictlab';

describe('an incomplete installation', () => {
  it('is reported in one sentence when a package is missing, however that package was imported', () => {
    const required = Object.assign(new Error("Cannot find module 'zod'\nRequire stack:\n- /a.cjs"), { code: 'MODULE_NOT_FOUND' });
    expect(missingPart(required)).toBe(`predictlab is not whole: Cannot find module 'zod'${AFTER}`);
    expect(missingPart(Object.assign(new Error('x'), { code: 'ERR_MODULE_NOT_FOUND' }))).toBe(`predictlab is not whole: x${AFTER}`);
  });

  it('is not reported for other errors', () => {
    expect(missingPart(Object.assign(new Error('no file'), { code: 'ENOENT' }))).toBeUndefined();
    expect(missingPart(new PredictLabError('BadInput', 'plugin x: Cannot find module y'))).toBeUndefined();
    expect(missingPart('MODULE_NOT_FOUND')).toBeUndefined();
    for (const fields of [{}, { code: 7 }]) expect(missingPart(Object.assign(new Error('MODULE_NOT_FOUND'), fields))).toBeUndefined();
  });

  it('is reported when workflows exist neither as a bundle nor as sources', () => {
    const place = path.join(folder.path, 'dist/src/worker');
    mkdirSync(place, { recursive: true });
    const from = pathToFileURL(path.join(place, 'workflow-code.js')).href;
    const codePath = path.join(folder.path, 'dist/workflow-bundle.js');
    expect(missingPart(thrownBy(() => workflowCode(false, from)))).toBe(
      `predictlab is not whole: Cannot find module '${codePath}'${AFTER}`,
    );
    writeFileSync(codePath, '');
    expect(workflowCode(false, from)).toEqual({ workflowBundle: { codePath } });
    expect(thrownBy(() => workflowCode(true, from))).toMatchObject({ code: 'MODULE_NOT_FOUND' });
    expect(workflowCode(true)).toMatchObject({ workflowsPath: expect.stringMatching(/src.workflows.index\.ts$/) as string });
  });
});
