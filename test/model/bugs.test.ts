import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { BUGS, ROOT, withBug } from './bugs.ts';

it.each(BUGS)('the code has a place for the bug that the model of venues must detect: $name', ({ changes }) => {
  for (const file of new Set(changes.map((change) => change.file))) {
    const code = readFileSync(path.join(ROOT, 'src', file), 'utf8');
    const own = changes.filter((change) => change.file === file);
    expect(() => withBug(code, own)).not.toThrow();
  }
});
