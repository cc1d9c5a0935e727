import { describe, it } from 'vitest';
import { SOURCE_CONTRACT, type SourceUnderCheck } from '../../src/sources/check/source-contract.ts';

/** The suite that every source passes; `predictlab venue check` holds a plugin's venue to the same rules. */
export function describeSourceContract(name: string, subject: () => Omit<SourceUnderCheck, 'name'>): void {
  describe(`the source ${name}`, () => {
    it.each(SOURCE_CONTRACT)('$title', async (rule) => {
      await rule.check({ name, ...subject() });
    });
  });
}
