// npm run names: what src/ exports has a name of its own; a name that stands in two files is read as one thing
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { namedTwice } from './set-up/names.mjs';
import { filesBelow, ROOT } from './set-up/project.mjs';

const files = filesBelow(path.join(ROOT, 'src'), (name) => name.endsWith('.ts')).map((file) => ({
  file: file.replaceAll(path.sep, '/'),
  text: readFileSync(path.join(ROOT, 'src', file), 'utf8'),
}));
const problems = namedTwice(files);
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
