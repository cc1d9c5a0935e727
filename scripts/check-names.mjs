// npm run names: every exported name of src/ is exported by one file only, since readers take one name for one thing
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
