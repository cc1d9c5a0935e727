// npm run conformance [-- --count 10000 --seed 1 --python python3]: the venues' own clients and ours read recorded and generated answers,
// and every field must be equal or have a reason. Needs the registries the first time; not part of npm test.
import { parseArgs } from 'node:util';
import { generated, recorded } from './conformance/answers.mjs';
import { clients } from './conformance/clients.mjs';
import { differences, reasonOf } from './conformance/compare.mjs';
import { ours } from './conformance/ours.mjs';
import { runMain, SetUpError, say } from './set-up/project.mjs';
import { setUp } from './set-up/set-up.mjs';

const { values: options } = parseArgs({
  options: {
    count: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    python: { type: 'string', default: 'python3' },
  },
});
/** Examples of one unexplained difference that are printed. */
const EXAMPLES = 3;

await runMain(async () => {
  const count = Number(options.count);
  if (!Number.isInteger(count) || count < 0) throw new SetUpError(`--count ${options.count}: write a number of answers, such as 10000`);
  await setUp();
  const readers = await ours();
  const answers = [...recorded(), ...(await generated({ count, seed: Number(options.seed) }))];
  say(`${answers.length - count} recorded and ${count} generated answers (seed ${options.seed})`);
  let unexplained = 0;
  for (const client of await clients({ python: options.python })) {
    if (client.skipped !== undefined) {
      say(`${client.name}: skipped, it cannot be installed here (${client.skipped})`);
      continue;
    }
    unexplained += report(client.name, answers, await client.read(answers), readers);
  }
  return unexplained === 0 ? 0 : 1;
});

/** Prints how many answers of a client's routes agree, and why the others do not. @returns how many differences have no reason */
function report(name, answers, theirs, readers) {
  const byReason = new Map();
  const unexplained = new Map();
  let compared = 0;
  let equal = 0;
  for (const [i, answer] of answers.entries()) {
    const reader = readers[answer.route];
    if (theirs[i].missing || reader === undefined) continue;
    compared++;
    const readings = { ours: reader(answer.row), theirs: theirs[i] };
    const found = differences(readings.ours, readings.theirs);
    if (found.length === 0) equal++;
    for (const difference of found) {
      const why = reasonOf(answer, difference, readings);
      if (why !== undefined) byReason.set(why, (byReason.get(why) ?? 0) + 1);
      else {
        const key = `${answer.route} ${difference.field}`;
        unexplained.set(key, [...(unexplained.get(key) ?? []), { ...difference, how: answer.from }]);
      }
    }
  }
  say(`${name}: ${equal} of ${compared} answers are read alike`);
  for (const [why, times] of [...byReason].sort((a, b) => b[1] - a[1])) say(`  ${times}: ${why}`);
  for (const [key, list] of unexplained) {
    say(`  ${list.length} without a reason: ${key}`);
    for (const example of list.slice(0, EXAMPLES)) say(`    ${JSON.stringify(example)}`);
  }
  return [...unexplained.values()].reduce((sum, list) => sum + list.length, 0);
}
