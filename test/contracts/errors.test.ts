import { describe, expect, it } from 'vitest';
import {
  ERROR_EFFECTS,
  type ErrorType,
  fileTrouble,
  InvalidPipelineError,
  messageOf,
  missingPart,
  PredictLabError,
} from '../../src/contracts/errors.ts';
import { candidateVersion, workerVersion } from '../../src/contracts/worker/deployment-version.ts';

describe('an error of PredictLab', () => {
  it('is retryable by its type alone, and has a cause only when one is given', () => {
    const types = Object.keys(ERROR_EFFECTS) as ErrorType[];
    expect(types.filter((type) => new PredictLabError(type, 'no').retryable)).toEqual([
      'SourceUnavailable',
      'RateLimited',
      'StorageUnavailable',
      'TaskTimeout',
    ]);
    expect(new PredictLabError('BadInput', 'no')).not.toHaveProperty('cause');
    expect(new PredictLabError('BadInput', 'no', { cause: 7 }).cause).toBe(7);
  });

  it('lists up to 200 problems of an input, and counts the others', () => {
    const problem = { where: 'symbols[0]', message: 'is unknown' };
    expect(new InvalidPipelineError([problem]).message).toBe('1 problem in the pipeline input:\n- symbols[0]: is unknown');
    const { message, problems } = new InvalidPipelineError(Array.from({ length: 203 }, () => problem));
    const lines = message.split('\n');
    expect([lines[0], lines.length, lines.at(-1), problems.length]).toEqual([
      '203 problems in the pipeline input:',
      202,
      '- and 3 more',
      200,
    ]);
    expect(new InvalidPipelineError(Array.from({ length: 200 }, () => problem)).message.split('\n')).toHaveLength(201);
  });

  it('describes a file that cannot be read in words, or by the first line of the system’s message', () => {
    const failed = (code: string) => Object.assign(new Error(`${code}: no\nat a place`), { code });
    expect(fileTrouble(failed('ENOSPC'))).toBe('there is no room on the disk');
    expect(fileTrouble(failed('EWEIRD'))).toBe('EWEIRD: no');
  });

  it('gets a message from any value that can be thrown', () => {
    const thrown = [new Error('no'), { message: 'said' }, { code: 7 }, 'text', 7, 10n, null, undefined, ''];
    expect(thrown.map(messageOf)).toEqual([
      'no',
      'said',
      '{"code":7}',
      'text',
      '7',
      '10',
      'nothing (null was thrown)',
      'nothing (undefined was thrown)',
      'nothing (an empty text was thrown)',
    ]);
  });

  it('names a missing package only when the error has the code of a missing module', () => {
    const failed = (code?: unknown) =>
      Object.assign(new Error("Cannot find package 'x'\nRequire stack: y"), code === undefined ? {} : { code });
    expect(missingPart(failed('ERR_MODULE_NOT_FOUND'))).toContain("predictlab is not whole: Cannot find package 'x'; run: npm run build");
    for (const error of [failed(), failed(7), failed('ENOENT'), 'text', new PredictLabError('BadInput', 'no')])
      expect(missingPart(error)).toBeUndefined();
  });
});

describe('the version of a worker', () => {
  const build = () => 'b1';

  it('is absent without a deployment; a candidate build then belongs to the default deployment', () => {
    expect(workerVersion({}, build)).toBeUndefined();
    expect(workerVersion({ PREDICTLAB_DEPLOYMENT: 'desk' }, build)).toEqual({ name: 'desk', buildId: 'b1' });
    expect(candidateVersion({}, build)).toEqual({ name: 'predictlab', buildId: 'b1' });
    expect(candidateVersion({ PREDICTLAB_DEPLOYMENT: 'desk', PREDICTLAB_BUILD_ID: 'b2' }, build)).toEqual({ name: 'desk', buildId: 'b2' });
    expect(() => workerVersion({ PREDICTLAB_BUILD_ID: 'b2' }, build)).toThrow('without PREDICTLAB_DEPLOYMENT: name the deployment too');
  });
});
