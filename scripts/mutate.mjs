// npm run mutate -- <folder of src> [--sample 60] [--seed 1] [--files run/slots,graph]: changes one operator at a time and lists the changes that
// the folder's unit tests do not notice. Not part of the check: it takes minutes.
// --floors: the rooms of mutate/floors.json one after the other; fails where a smaller share is noticed than its floor says. Only unit tests are
// run, so a room that service tests prove has a lower floor.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { bundleTests, testFilesOf } from './mutate/bundle-tests.mjs';
import { EQUIVALENT } from './mutate/equivalent.mjs';
import { mutantsOf, sampleOf } from './mutate/mutants.mjs';
import { createTestThread } from './mutate/test-thread.mjs';
import { filesBelow, ROOT, runMain, SetUpError } from './set-up/project.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    files: { type: 'string', default: '' },
    floors: { type: 'boolean', default: false },
  },
});

await runMain(async () => {
  if (!values.floors) {
    await shareKilled(positionals[0]);
    return 0;
  }
  const floors = JSON.parse(readFileSync(path.join(import.meta.dirname, 'mutate/floors.json'), 'utf8'));
  const below = [];
  for (const [room, floor] of Object.entries(floors)) {
    const share = await shareKilled(room);
    if (share < floor) below.push(`${room}: ${share.toFixed(0)}% of the mutants are killed, its floor is ${floor}%`);
  }
  for (const one of below) console.error(one);
  return below.length > 0 ? 1 : 0;
});

/** The share of a folder's mutants that its unit tests notice, in percent; prints the others. */
async function shareKilled(folder) {
  const root = path.join(ROOT, 'src', folder ?? '');
  const wanted = values.files.split(',').filter((part) => part !== '');
  const sources = filesBelow(root, (file) => file.endsWith('.ts'))
    .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
    .map((file) => path.join(root, file));
  if (folder === undefined || sources.length === 0) throw new SetUpError('npm run mutate -- <folder of src>, such as scheduling or market');
  const tests = testFilesOf(folder);
  if (tests.length === 0) throw new SetUpError(`there are no unit tests in test/${folder}`);

  const all = sources.flatMap((file) => mutantsOf(file, readFileSync(file, 'utf8')));
  const sample = sampleOf(all, { size: Number(values.sample), seed: Number(values.seed) });
  const thread = createTestThread();
  try {
    const sound = await thread.run(await bundleTests(tests, undefined), { limitMs: () => 600_000 });
    if (sound.failed !== undefined) throw new SetUpError(`the tests fail without any mutant: ${sound.failed}`);
    const order = sound.durations.toSorted((a, b) => a.ms - b.ms).map(({ name }) => name);
    const usual = new Map(sound.durations.map(({ name, ms }) => [name, ms]));
    // a slow test on a busy machine is not an endless loop
    const limitMs = (name) => 5_000 + 5 * (usual.get(name) ?? 0);
    console.log(`${folder}: ${all.length} mutants of ${sources.length} files, a sample of ${sample.length} (seed ${values.seed})`);

    const counts = { killed: 0, survived: 0, equivalent: 0 };
    for (const mutant of sample) {
      const outcome = await outcomeOf(mutant, { tests, thread, order, limitMs });
      counts[outcome]++;
      if (outcome !== 'killed') console.log(`${outcome.padEnd(10)} ${sentenceOf(mutant)}`);
    }
    const judged = counts.killed + counts.survived;
    const share = judged === 0 ? 0 : (100 * counts.killed) / judged;
    console.log(`${folder}: ${counts.killed} of ${judged} killed (${share.toFixed(0)}%), ${counts.equivalent} equivalent left out`);
    return share;
  } finally {
    await thread.close();
  }
}

async function outcomeOf(mutant, { tests, thread, order, limitMs }) {
  if (EQUIVALENT.some(({ file, code, becomes }) => isAt(mutant, file) && mutant.code === code && mutant.becomes === becomes))
    return 'equivalent';
  const { failed } = await thread.run(await bundleTests(tests, mutant), { order, limitMs });
  return failed === undefined ? 'survived' : 'killed';
}

function isAt({ file }, name) {
  return path.relative(path.join(ROOT, 'src'), file).replaceAll(path.sep, '/') === name;
}

function sentenceOf({ file, line, code, becomes }) {
  return `${path.relative(ROOT, file)}:${line}  ${code}  →  ${becomes}`;
}
