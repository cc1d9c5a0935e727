// npm run tiers: test/tiers.json names files that exist and says of every folder of src which tests prove it
import { tierProblems } from './set-up/tiers.mjs';

const problems = tierProblems();
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
