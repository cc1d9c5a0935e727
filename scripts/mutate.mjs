// npm run mutate -- <folder of src> [--sample 60] [--seed 1] [--files run/slots,graph]: changes one operator at a time and lists the changes that
// the folder's unit tests do not notice. Not part of the check: it takes minutes.
// All mutants stand in one bundle, each behind a switch, and each runs only the files of tests that reach it. A folder whose tests fail without a
// mutant, the second time, or after all mutants is refused, since every mutant would then count as noticed. A service file that fails without a
// mutant is left out and named; one that fails so after the mutants is named, and what it killed counts as left.
// A mutant runs each file up to its last test that reaches it, the fastest files first, as many as end within --budget seconds.
// --services: what unit tests leave is tried on the service files that test/tiers.json names for the folder, on servers that start once.
// Mutants of what workflows load are also in the workflow bundle that workers run; which tests reach them there is not known, so all are tried.
// --why also prints, while it runs, which test notices each change, and which changes are left.
// --floors: the rooms of mutate/floors.json one after the other; fails where a smaller share is noticed than its floor says. Only unit tests are
// run, so a room that service tests prove has a lower floor.
import { readFileSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { bundleServers, bundleTests, bundleWorkflows, isInWorkflows, serviceTestFilesOf, testFilesOf } from './mutate/bundle-tests.mjs';
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
    budget: { type: 'string', default: '90' },
    why: { type: 'boolean', default: false },
    services: { type: 'boolean', default: false },
  },
});

/** What runs now and must be closed, the last one first: the test process, the servers. A signal closes them before this process ends. */
const open = new Set();
const closeAll = async () => {
  for (const close of [...open].reverse()) await close();
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.once(signal, () => void closeAll().finally(() => process.exit(128 + constants.signals[signal])));

await runMain(async () => {
  // some tests need the built project
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

/** The share of a folder's mutants that its tests notice, in percent; prints the others. */
async function shareKilled(folder, withServices = values.services) {
  const root = path.join(ROOT, 'src', folder ?? '');
  const wanted = values.files.split(',').filter((part) => part !== '');
  const sources = filesBelow(root, (file) => file.endsWith('.ts'))
    .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
    .map((file) => path.join(root, file));
  if (folder === undefined || sources.length === 0) throw new SetUpError('npm run mutate -- <folder of src>, such as scheduling or market');
  const all = sources.flatMap((file) => mutantsOf(file, readFileSync(file, 'utf8')));
  const sample = sampleOf(all, { size: Number(values.sample), seed: Number(values.seed) });
  console.log(`${folder}: ${all.length} mutants of ${sources.length} files, a sample of ${sample.length} (seed ${values.seed})`);

  const judged = sample.filter((mutant) => !isEquivalent(mutant));
  const unit = testFilesOf(folder);
  const services = withServices ? serviceTestFilesOf(folder) : [];
  if (unit.length + services.length === 0) throw new SetUpError(`there are no tests of src/${folder}; add unit tests, or try --services`);
  const left = unit.length > 0 ? await survivorsOf(judged, { folder, tests: unit }) : judged;
  const survivors =
    left.length > 0 && services.length > 0
      ? await withServers(left, (servers) => survivorsOf(left, { folder, tests: services, ...servers }))
      : left;
  for (const mutant of survivors) console.log(`survived   ${sentenceOf(mutant)}${mutant.reached ? '' : '  (no test reaches it)'}`);
  const killed = judged.length - survivors.length;
  const share = judged.length === 0 ? 0 : (100 * killed) / judged.length;
  const byUnit = services.length > 0 ? `, ${judged.length - left.length} of them by unit tests` : '';
  console.log(
    `${folder}: ${killed} of ${judged.length} killed (${share.toFixed(0)}%)${byUnit}, ${sample.length - judged.length} equivalent left out`,
  );
  return share;
}

/**
 * Starts the servers of service tests.
 *
 * @param use called with the environment that the tests need, and with `turn`, which turns on a mutant in the workflows that workers run
 */
async function withServers(mutants, use) {
  const file = await bundleServers();
  const workflows = mutants.some((mutant) => isInWorkflows(mutant.file)) ? await bundleWorkflows(mutants) : undefined;
  const provided = {};
  const { default: start } = await import(pathToFileURL(file).href);
  const starting = start({ provide: (name, value) => void (provided[name] = value) });
  // a signal may come while they start
  const close = async () => await (await starting)();
  open.add(close);
  try {
    await starting;
    if (workflows !== undefined) provided.workflowBundle = workflows.file;
    return await use({ env: { MUTATE_PROVIDED: JSON.stringify(provided) }, turn: workflows?.turn });
  } finally {
    open.delete(close);
    await close();
    for (const made of [file, workflows?.file]) if (made !== undefined) rmSync(made, { force: true });
  }
}

/**
 * The mutants that tests do not notice, each with whether a test `reached` it. Service tests get a process each, as native code remembers.
 * Where a mutant leaves something behind, all are tried again with a new process after each failure.
 */
async function survivorsOf(mutants, { folder, tests, env, turn, renewed = false }) {
  const isService = env !== undefined;
  const bundle = await bundleTests(tests, mutants, isService ? [path.join(ROOT, 'test/support/install-runtime.ts')] : []);
  const runner = createTestProcess({ env, isolated: isService, renewed });
  const end = async () => await runner.end();
  open.add(end);
  try {
    const patient = { file: bundle, mutant: 0, of: mutants.length, limitMs: () => 600_000 };
    const refuse = (failed, when) => new SetUpError(`the tests of src/${folder} fail without any mutant${when}: ${failed}`);
    const sound = { atLoad: [], files: [] };
    for (const file of isService ? tests.map((test) => path.relative(ROOT, test)) : [undefined]) {
      const { failed, atLoad, files } = await runner.run({ ...patient, files: file && [{ file }] });
      if (failed !== undefined && !isService) throw refuse(failed, '');
      if (failed !== undefined) console.log(`left out: ${file} fails without any mutant: ${failed}`);
      else Object.assign(sound, { atLoad, files: [...sound.files, ...files] });
    }
    const cheapFirst = sound.files.toSorted((a, b) => a.ms - b.ms);
    const usual = new Map(sound.files.flatMap((file) => Object.entries(file.tests)));
    // a slow test on a busy machine is not an endless loop
    const limitMs = (name) => (isService ? 15_000 : 4_000) + 5 * (usual.get(name) ?? 0);
    const proveSound = async (when) => {
      const again = await runner.run({ ...patient, files: cheapFirst.map(({ file }) => ({ file })) });
      if (again.failed !== undefined) throw refuse(again.failed, when);
    };
    if (!isService) await proveSound(' when they run twice');

    const survivors = [];
    /** Of service files: the mutants that each one killed. */
    const killedBy = new Map();
    for (const [index, mutant] of mutants.entries()) {
      // the workflows' sandbox does not report which mutants it reaches
      const isEverywhere = sound.atLoad.includes(index + 1) || (turn !== undefined && isInWorkflows(mutant.file));
      const files = filesFor(index + 1, isEverywhere, cheapFirst);
      turn?.(index + 1);
      const { failed } = files.length === 0 ? {} : await runner.run({ ...patient, mutant: index + 1, files, limitMs });
      if (failed === undefined) survivors.push({ ...mutant, reached: mutant.reached || files.length > 0 });
      else if (isService) {
        const killer = files.find(({ file }) => failed.includes(`(${file})`))?.file ?? files[0].file;
        killedBy.set(killer, [...(killedBy.get(killer) ?? []), { ...mutant, reached: true }]);
      }
      if (failed !== undefined && values.why) console.log(`killed     ${sentenceOf(mutant)}  by ${failed.split('\n')[0].slice(0, 200)}`);
      if (failed === undefined && values.why) console.log(`left       ${sentenceOf(mutant)}  (${files.length} files)`);
    }
    turn?.(0);
    if (isService) {
      for (const [file, killed] of killedBy) {
        const again = await runner.run({ ...patient, files: [{ file }] });
        if (again.failed === undefined) continue;
        console.log(`not counted: ${killed.length} killed by ${file}, which fails without a mutant after them: ${again.failed}`);
        survivors.push(...killed);
      }
      return survivors;
    }
    try {
      await proveSound(' after the mutants, of which one leaves something behind');
    } catch (error) {
      if (renewed) throw error;
      return await survivorsOf(mutants, { folder, tests, turn, renewed: true });
    }
    return survivors;
  } finally {
    open.delete(end);
    await end();
    rmSync(bundle, { force: true });
  }
}

/** The test files that reach a mutant, as `{ file, count }`: the first ones whose total time fits into the budget. */
function filesFor(number, isAtLoad, cheapFirst) {
  const files = [];
  let ms = 0;
  for (const { file, reached, tests } of cheapFirst) {
    const times = Object.values(tests);
    const count = isAtLoad ? times.length : reached[number];
    if (count === undefined) continue;
    ms += times.slice(0, count).reduce((sum, time) => sum + time, 0);
    if (files.length > 0 && ms > 1000 * Number(values.budget)) break;
    files.push({ file, count });
  }
  return files;
}

function isEquivalent(mutant) {
  return EQUIVALENT.some(({ file, code, becomes }) => isAt(mutant, file) && mutant.code === code && mutant.becomes === becomes);
}

function isAt({ file }, name) {
  return path.relative(path.join(ROOT, 'src'), file).replaceAll(path.sep, '/') === name;
}

function sentenceOf({ file, line, code, becomes }) {
  return `${path.relative(ROOT, file)}:${line}  ${code}  →  ${becomes}`;
}
