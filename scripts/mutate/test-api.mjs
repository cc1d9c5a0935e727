// What tests import from vitest, as far as those of the pure folders do: enough to run them in a few milliseconds, one mutant after the other.
import { ASYMMETRIC_MATCHERS_OBJECT, chai, JestAsymmetricMatchers, JestChaiExpect, JestExtend, setState } from '@vitest/expect';

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

export const expect = (value, message) => chai.expect(value, message);
Object.assign(expect, chai.expect, globalThis[ASYMMETRIC_MATCHERS_OBJECT]);
setState({ assertionCalls: 0, isExpectingAssertions: false, expectedAssertionsNumber: null }, expect);

const tests = [];
let path = [];

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
  path = [...outer, name];
  body();
  path = outer;
});

export const it = withKinds((name, ...given) => {
  const body = given.find((one) => typeof one === 'function');
  tests.push({ name: [...path, name].join(' > '), body });
});
export const test = it;

const endings = [];
/** What a file cleans up once its tests are over. */
export const afterAll = (body) => endings.push(body);

/**
 * Runs the tests that were defined, until one fails.
 *
 * @param order names of the tests that go first, in this order
 * @param begin told the name of each test before it begins
 * @returns `{ failed, durations }`: the first failure, and how long each test took in milliseconds
 */
export async function run(order = [], begin = () => undefined) {
  const rank = new Map(order.map((name, i) => [name, i]));
  const durations = [];
  for (const { name, body } of tests.toSorted((a, b) => (rank.get(a.name) ?? 0) - (rank.get(b.name) ?? 0))) {
    begin(name);
    const started = performance.now();
    try {
      await body();
    } catch (error) {
      return { failed: `${name}: ${error instanceof Error ? error.message : String(error)}`, durations };
    }
    durations.push({ name, ms: performance.now() - started });
  }
  for (const end of endings) await end();
  return { failed: undefined, durations };
}
