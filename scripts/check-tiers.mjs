// npm run tiers: test/tiers.json names files that exist and says of every folder of src which tests prove it; every room has a floor of mutants
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { floorProblems } from './mutate/floors.mjs';
import { ROOT } from './set-up/project.mjs';
import { tierProblems } from './set-up/tiers.mjs';

const rooms = readdirSync(path.join(ROOT, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
const floors = JSON.parse(readFileSync(path.join(import.meta.dirname, 'mutate/floors.json'), 'utf8'));
const problems = [
  ...tierProblems(),
  ...floorProblems(
    floors,
    rooms.map(({ name }) => name),
  ),
];
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
