import { expect, it } from 'vitest';
import { isOurs } from '../../../src/storage/embedded/postgres-account.ts';

const NOBODY = 65_534;

it('the embedded server belongs to the user of this process, and to nobody only when this process is root', () => {
  const me = process.getuid?.() ?? 0;
  expect(isOurs(me)).toBe(true);
  expect(isOurs(NOBODY)).toBe(me === 0 || me === NOBODY);
  expect(isOurs(me + 1)).toBe(false);
});
