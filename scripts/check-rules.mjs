// npm run rules: what CONTRIBUTING.md asks of code and tests and the lint cannot see
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { filesBelow, hashFile, ROOT } from './set-up/project.mjs';
import * as rules from './set-up/rules.mjs';

const read = (file) => readFileSync(path.join(ROOT, file), 'utf8');
const parsedBelow = (folder, keep) =>
  filesBelow(path.join(ROOT, folder), keep).map((name) => {
    const file = `${folder}/${name.replaceAll(path.sep, '/')}`;
    return rules.parsed({ file, text: read(file) });
  });

const src = parsedBelow('src', (file) => file.endsWith('.ts'));
const tests = parsedBelow('test', (file) => file.endsWith('.ts'));
const bench = ['bench', 'sandbox'].flatMap((folder) => parsedBelow(folder, (file) => file.endsWith('.ts')));
const documentFiles = ['README.md', ...filesBelow(path.join(ROOT, 'docs'), (file) => file.endsWith('.md')).map((file) => `docs/${file}`)];
const documents = documentFiles.map((file) => ({ file, text: read(file) }));
const MIGRATIONS = 'src/storage/database/migrations';
const KEPT = 'test/storage/database/migrations.sha256';
const hashes = Object.fromEntries(
  filesBelow(path.join(ROOT, MIGRATIONS), (file) => file.endsWith('.sql')).map((file) => [
    file,
    hashFile(path.join(ROOT, MIGRATIONS, file)),
  ]),
);

const problems = [
  ...src.flatMap((file) => [
    ...rules.clockProblems(file),
    ...rules.printProblems(file),
    ...rules.swallowedProblems(file),
    ...rules.lengthProblems(file),
    ...rules.venueProblems(file),
  ]),
  ...[...src, ...tests].flatMap(rules.emptyCatchProblems),
  ...rules.undocumentedVariables(
    src,
    documents.map(({ text }) => text),
  ),
  ...[...src, ...tests.filter(({ file }) => !file.endsWith('/rules.test.ts')), ...bench, ...documents].flatMap(rules.wordProblems),
  ...rules.dynamicCircles(src),
  ...rules.assertionsOf(tests),
  ...tests.flatMap(rules.bareRegexProblems),
  ...(existsSync(path.join(ROOT, KEPT))
    ? rules.migrationProblems(read(KEPT), hashes)
    : [`${KEPT} is missing: the hashes of released migrations`]),
];
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
