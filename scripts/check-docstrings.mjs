// npm run docstrings: every value exported in src/ has a doc comment, or stands in a group whose first one has
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { filesBelow, ROOT } from './set-up/project.mjs';

const VALUE = /^export (?:async )?(?:function\*?|const|class|abstract class) +([\w$]+)/;

const missing = [];
for (const file of filesBelow(path.join(ROOT, 'src'), (name) => name.endsWith('.ts'))) {
  const lines = readFileSync(path.join(ROOT, 'src', file), 'utf8').split('\n');
  const isDescribed = (index) => {
    const name = VALUE.exec(lines[index])[1];
    const before = lines[index - 1] ?? '';
    if (before.trimEnd().endsWith('*/')) return true;
    if (/^export const .*;$/.test(before)) return isDescribed(index - 1);
    // the later signatures of an overloaded function
    return lines.slice(0, index).some((line, i) => VALUE.exec(line)?.[1] === name && isDescribed(i));
  };
  for (const [index, line] of lines.entries()) {
    if (VALUE.test(line) && !isDescribed(index)) missing.push(`src/${file}:${index + 1}: ${VALUE.exec(line)[1]} has no docstring`);
  }
}
for (const one of missing) console.error(one);
process.exitCode = missing.length > 0 ? 1 : 0;
