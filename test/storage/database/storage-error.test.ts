import { expect, it } from 'vitest';
import { storageError } from '../../../src/storage/database/storage-error.ts';

it('a value that Postgres cannot store is BadInput, with where to correct it', () => {
  const cause = Object.assign(new Error('invalid byte sequence for encoding "UTF8": 0x00'), { code: '22021' });
  expect(storageError(cause, 'postgresql://localhost/name')).toMatchObject({
    type: 'BadInput',
    message: `Postgres cannot store this value: ${cause.message} (22021); correct it in the input or file that it comes from`,
    cause,
  });
});
