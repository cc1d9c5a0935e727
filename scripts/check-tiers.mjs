// npm run tiers: test/tiers.json names files that exist and says of every folder of src which tests prove it; every room has a floor of mutants,
// and every equivalent mutant exists
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { EQUIVALENT } from './mutate/equivalent.mjs';
import { equivalentProblems, floorProblems } from './mutate/floors.mjs';
import { mutantsOf } from './mutate/mutants.mjs';
import { ROOT } from './set-up/project.mjs';
import { tierProblems } from './set-up/tiers.mjs';

const rooms = readdirSync(path.join(ROOT, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
const floors = JSON.parse(readFileSync(path.join(import.meta.dirname, 'mutate/floors.json'), 'utf8'));
const mutantsIn = (file) => {
  const place = path.join(ROOT, 'src', file);
  return existsSync(place) ? mutantsOf(place, readFileSync(place, 'utf8')) : undefined;
};
const problems = [
  ...tierProblems(),
  ...floorProblems(
    floors,
    rooms.map(({ name }) => name),
  ),
  ...equivalentProblems(EQUIVALENT, mutantsIn),
];
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
