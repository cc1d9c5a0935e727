// npm run floors: the table of docs/architecture.md says which folder may import which; the lint's rules and the picture there agree with
// it, and no folder holds too many files. `-- --fix` writes the lint's rules from the table.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { floorsOf, floorsProblems, fullFolders, pictureProblems, restrictions } from './set-up/floors.mjs';
import { filesBelow, ROOT } from './set-up/project.mjs';

const LINT = path.join(ROOT, '.oxlintrc.json');
const HOUSE = 'docs/architecture.md';
const read = (name) => readFileSync(path.join(ROOT, name), 'utf8');

const folders = readdirSync(path.join(ROOT, 'src'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const floors = floorsOf(read(HOUSE));
const sources = filesBelow(path.join(ROOT, 'src')).map((file) => `src/${file.replaceAll(path.sep, '/')}`);
const problems = [...floorsProblems(floors, folders), ...fullFolders(sources)];
const lint = JSON.parse(readFileSync(LINT, 'utf8'));
const isFloorRule = ({ files, rules }) => 'no-restricted-imports' in rules && files.every((file) => file.startsWith('src/'));
const wanted = restrictions(floors, folders);
if (process.argv.includes('--fix')) {
  lint.overrides = [...lint.overrides.filter((override) => !isFloorRule(override)), ...wanted];
  writeFileSync(LINT, `${JSON.stringify(lint, null, 2)}\n`);
} else if (JSON.stringify(lint.overrides.filter(isFloorRule)) !== JSON.stringify(wanted))
  problems.push(`.oxlintrc.json: other rules than the table of ${HOUSE} says; npm run floors -- --fix writes them`);
problems.push(...pictureProblems(read(HOUSE), floors, folders).map((problem) => `${HOUSE}: ${problem}`));
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
