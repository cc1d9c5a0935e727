import { describe, expect, it } from 'vitest';
import { ERROR_EFFECTS, type ErrorType, fileTrouble, InvalidPipelineError, PredictLabError } from '../../src/contracts/errors.ts';

describe('an error of PredictLab', () => {
  it('is retryable by its type alone, and carries a cause only where there is one', () => {
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

  it('lists all problems of an input, up to 200, and counts the rest', () => {
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

  it('says why a file cannot be read in words, or in the first line of what the system says', () => {
    const failed = (code: string) => Object.assign(new Error(`${code}: no\nat a place`), { code });
    expect(fileTrouble(failed('ENOSPC'))).toBe('there is no room on the disk');
    expect(fileTrouble(failed('EWEIRD'))).toBe('EWEIRD: no');
  });
});
