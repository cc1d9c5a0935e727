// npm run mutate -- <folder of src> [--sample 60] [--seed 1] [--files run/slots,graph]: changes one operator at a time and lists the changes that
// the folder's unit tests do not notice. Not part of the check: it takes minutes.
// All mutants stand in one bundle, each behind a switch, and each runs only the files of tests that reach it. A folder whose tests fail without a
// mutant, the second time, or after all mutants is refused, since every mutant would then count as noticed.
// --why also prints which test notices each change.
// --floors: the rooms of mutate/floors.json one after the other; fails where a smaller share is noticed than its floor says. Only unit tests are
// run, so a room that service tests prove has a lower floor.
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { bundleTests, testFilesOf } from './mutate/bundle-tests.mjs';
import { EQUIVALENT } from './mutate/equivalent.mjs';
import { mutantsOf, sampleOf } from './mutate/mutants.mjs';
import { createTestProcess } from './mutate/test-process.mjs';
import { filesBelow, ROOT, runMain, SetUpError } from './set-up/project.mjs';
import { setUp } from './set-up/set-up.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    files: { type: 'string', default: '' },
    floors: { type: 'boolean', default: false },
    why: { type: 'boolean', default: false },
  },
});

await runMain(async () => {
  // some tests start what is built
  await setUp();
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
  const bundle = await bundleTests(tests, sample);
  const runner = createTestProcess();
  try {
    const patient = { file: bundle, mutant: 0, of: sample.length, limitMs: () => 600_000 };
    const sound = await runner.run(patient);
    if (sound.failed !== undefined) throw new SetUpError(`the tests of src/${folder} fail without any mutant: ${sound.failed}`);
    const cheapFirst = sound.files.toSorted((a, b) => a.ms - b.ms);
    const usual = new Map(sound.files.flatMap((file) => Object.entries(file.tests)));
    // a slow test on a busy machine is not an endless loop
    const limitMs = (name) => 4_000 + 5 * (usual.get(name) ?? 0);
    const proveSound = async (when) => {
      const again = await runner.run({ ...patient, files: cheapFirst.map(({ file }) => file) });
      if (again.failed !== undefined) throw new SetUpError(`the tests of src/${folder} fail without any mutant ${when}: ${again.failed}`);
    };
    await proveSound('when they run twice in one process');
    console.log(`${folder}: ${all.length} mutants of ${sources.length} files, a sample of ${sample.length} (seed ${values.seed})`);

    const counts = { killed: 0, survived: 0, equivalent: 0 };
    for (const [index, mutant] of sample.entries()) {
      const isReached = (file) => sound.atLoad.includes(index + 1) || file.reached.includes(index + 1);
      const files = cheapFirst.filter(isReached).map(({ file }) => file);
      const outcome = await outcomeOf(mutant, { ...patient, mutant: index + 1, files, limitMs }, runner);
      counts[outcome]++;
      if (outcome !== 'killed')
        console.log(`${outcome.padEnd(10)} ${sentenceOf(mutant)}${files.length === 0 ? '  (no test reaches it)' : ''}`);
    }
    await proveSound('after the mutants: one of them leaves something behind');
    const judged = counts.killed + counts.survived;
    const share = judged === 0 ? 0 : (100 * counts.killed) / judged;
    console.log(`${folder}: ${counts.killed} of ${judged} killed (${share.toFixed(0)}%), ${counts.equivalent} equivalent left out`);
    return share;
  } finally {
    await runner.close();
    rmSync(bundle, { force: true });
  }
}

async function outcomeOf(mutant, order, runner) {
  if (EQUIVALENT.some(({ file, code, becomes }) => isAt(mutant, file) && mutant.code === code && mutant.becomes === becomes))
    return 'equivalent';
  if (order.files.length === 0) return 'survived';
  const { failed } = await runner.run(order);
  if (failed !== undefined && values.why) console.log(`killed     ${sentenceOf(mutant)}  by ${failed.split('\n')[0].slice(0, 200)}`);
  return failed === undefined ? 'survived' : 'killed';
}

function isAt({ file }, name) {
  return path.relative(path.join(ROOT, 'src'), file).replaceAll(path.sep, '/') === name;
}

function sentenceOf({ file, line, code, becomes }) {
  return `${path.relative(ROOT, file)}:${line}  ${code}  →  ${becomes}`;
}
