// Replaces the part of vitest that tests import: enough to run them in a few milliseconds, one mutant after the other.
import { readFileSync } from 'node:fs';
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  chai,
  customMatchers,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState,
} from '@vitest/expect';

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

/** Compares a text with a recorded file; only vitest writes one. */
chai.use(({ Assertion }) =>
  Assertion.addMethod('toMatchFileSnapshot', function (recorded) {
    this.assert(this._obj === readFileSync(recorded, 'utf8'), `expected the text of ${recorded}`);
  }),
);

export const expect = (value, message) => chai.expect(value, message);
chai.expect.extend(chai.expect, customMatchers);
Object.assign(expect, chai.expect, globalThis[ASYMMETRIC_MATCHERS_OBJECT]);
setState({ assertionCalls: 0, isExpectingAssertions: false, expectedAssertionsNumber: null }, expect);

const POLL_MS = 20;
const PATIENCE_MS = 5_000;
/** The same time limit as in vitest.config.ts. */
const POLL_PATIENCE_MS = 20_000;

async function waitUntil(look, { interval = POLL_MS, timeout = PATIENCE_MS } = {}) {
  for (const since = performance.now(); ; await new Promise((resolve) => setTimeout(resolve, interval))) {
    const found = await look();
    if (found) return found;
    if (performance.now() - since > timeout) throw new Error('timed out');
  }
}

/** `expect.poll(look).toBe(1)`: asserts on new values until one fits. */
expect.poll = (look, { timeout = POLL_PATIENCE_MS } = {}) =>
  new Proxy(
    {},
    {
      get:
        (_, matcher) =>
        async (...wanted) => {
          let last;
          const fits = async () => {
            try {
              expect(await look())[matcher](...wanted);
              return true;
            } catch (error) {
              last = error;
              return false;
            }
          };
          await waitUntil(fits, { timeout }).catch(() => {
            throw last;
          });
        },
    },
  );

/** A value that the servers of service tests provide. */
export const inject = (name) => JSON.parse(process.env.MUTATE_PROVIDED)[name];

/** Steps that undo something, the last one first. */
const createUndo = () => {
  const steps = [];
  return {
    add: (step) => void steps.push(step),
    all: () => {
      for (const step of steps.splice(0).reverse()) step();
    },
  };
};
// apart: a file that restores its mocks after each test keeps the environment it set up once
const [environment, mocks] = [createUndo(), createUndo()];
/** What unit tests use of vitest's `vi`. */
export const vi = {
  waitUntil,
  stubEnv(name, value) {
    const before = process.env[name];
    environment.add(() => (before === undefined ? delete process.env[name] : (process.env[name] = before)));
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  },
  spyOn(object, name) {
    const before = object[name];
    mocks.add(() => (object[name] = before));
    const spy = Object.assign((...args) => before.apply(object, args), {
      mockRestore: () => void (object[name] = before),
      mockImplementation: (replaced) => Object.assign(spy, { replaced: (object[name] = replaced) }),
      mockRejectedValueOnce: (error) => {
        object[name] = async () => {
          object[name] = before;
          throw error;
        };
        return spy;
      },
    });
    return spy;
  },
  unstubAllEnvs: environment.all,
  restoreAllMocks: mocks.all,
};

/** Blocks of `describe`, the outermost first: each has its hooks, and is set up before its first test. */
const newBlock = (name) => ({ name, isSetUp: false, beforeAll: [], beforeEach: [], afterEach: [], afterAll: [] });
const tests = [];
let file = '';
let path = [newBlock('')];
const closers = [];

/** `it.each(rows)(name, body)`: a row that is an array is the arguments. */
const each =
  (define) =>
  (rows) =>
  (name, body, ...more) =>
    rows.forEach((row, i) => define(`${name} [${i}]`, Array.isArray(row) ? () => body(...row) : () => body(row), ...more));

const withKinds = (define) =>
  Object.assign(define, {
    each: each(define),
    skipIf: (skipped) => (skipped ? () => undefined : define),
    runIf: (wanted) => (wanted ? define : () => undefined),
    skip: () => undefined,
  });

export const describe = withKinds((name, body) => {
  const outer = path;
  path = [...outer, newBlock(name)];
  body();
  path = outer;
});

export const it = withKinds((name, ...given) => {
  const body = given.find((one) => typeof one === 'function');
  tests.push({ file, name: [...path.slice(1).map((block) => block.name), name].join(' > '), body, blocks: path });
});
export const test = it;

const hook = (kind) => (body) => void path.at(-1)[kind].push(body);
export const [beforeAll, beforeEach, afterEach, afterAll] = ['beforeAll', 'beforeEach', 'afterEach', 'afterAll'].map(hook);
export const onTestFinished = (body) => void closers.push(body);

/** Files share this module: the hooks at the top of one hold for its own tests only. */
export function beginFile(name) {
  file = name;
  path = [newBlock('')];
}

async function runTest({ body, blocks }) {
  for (const block of blocks) {
    if (block.isSetUp) continue;
    block.isSetUp = true;
    for (const before of block.beforeAll) await before();
  }
  try {
    for (const block of blocks)
      for (const before of block.beforeEach) {
        const end = await before();
        if (typeof end === 'function') closers.push(end);
      }
    await body();
  } finally {
    for (const block of blocks.toReversed()) for (const after of block.afterEach) await after();
    for (const close of closers.splice(0).reverse()) await close();
  }
}

/** Numbers of the mutants that were reached since the last call. */
function takeReached() {
  const { _mutants } = globalThis;
  const reached = [];
  for (let number = 1; number < _mutants.length; number++) if (_mutants[number] === 1) reached.push(number);
  _mutants.fill(0, 1);
  return reached;
}

/**
 * Runs the tests that were defined, file after file and in their own order within each, until one fails.
 *
 * @param wanted which files of tests, in this order, each as `{ file, count }`: only its first `count` tests run; without it all of them
 * @param begin called with the name of each test before it starts
 * @returns `{ failed, atLoad, files }`: the first failure; the mutants that were reached before any test; each file's
 *   `{ file, ms, reached, tests: { name: ms } }`, where `reached` holds for each mutant the number of tests up to the last one that reaches it
 */
export async function run(wanted, begin = () => undefined) {
  const atLoad = takeReached();
  const done = [];
  for (const { file: name, count } of wanted ?? [...new Set(tests.map((test) => test.file))].map((file) => ({ file }))) {
    const mine = tests.filter((test) => test.file === name).slice(0, count);
    const entry = { file: name, ms: 0, reached: {}, tests: {} };
    const noteReached = (count) => {
      for (const number of takeReached()) entry.reached[number] = count;
    };
    done.push(entry);
    let failed;
    for (const [place, test] of mine.entries()) {
      begin(test.name);
      const started = performance.now();
      try {
        await runTest(test);
      } catch (error) {
        failed = `${test.name} (${name}): ${error instanceof Error ? error.message : String(error)}`;
        break;
      }
      entry.tests[test.name] = performance.now() - started;
      entry.ms += entry.tests[test.name];
      noteReached(place + 1);
    }
    for (const block of new Set(mine.flatMap(({ blocks }) => blocks.toReversed())))
      if (block.isSetUp) for (const end of block.afterAll) await end();
    noteReached(mine.length);
    if (failed !== undefined) return { failed, atLoad, files: done };
  }
  return { failed: undefined, atLoad, files: done };
}
