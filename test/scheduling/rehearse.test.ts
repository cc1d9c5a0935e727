import { describe, expect, it } from 'vitest';
import { rehearse } from '../../src/scheduling/rehearse/rehearse.ts';
import { customTask, graphOfConfig, POLICY, runConfig } from './run-config.ts';

const symbols = Array.from({ length: 12 }, (_, i) => `S${i}`);

function rehearsalOf(given: Parameters<typeof runConfig>[0], options: Partial<Parameters<typeof rehearse>[0]> = {}) {
  const config = runConfig(given);
  return rehearse({ graph: graphOfConfig(config), config, ...options });
}

describe('a rehearsal', () => {
  it('gives the same answer for the same seed, and a different one for another seed', () => {
    const [seven, again, eight] = [7, 7, 8].map((seed) => rehearsalOf({ symbols }, { seed, runs: 10 }));
    expect(again).toEqual(seven);
    expect(eight.makespanSeconds).not.toEqual(seven.makespanSeconds);
  });

  it('with one slot takes as long as all work together, and uses the slot all the time', () => {
    const { makespanSeconds, slotUse, successRate } = rehearsalOf({ symbols, maxConcurrent: 1 }, { runs: 30 });
    // 72 tasks of a second on average
    expect(makespanSeconds.p50).toBeGreaterThan(60);
    expect(makespanSeconds.p50).toBeLessThan(84);
    expect(makespanSeconds.p95).toBeGreaterThan(makespanSeconds.p50);
    expect(slotUse).toBe(1);
    expect(successRate).toBe(1);
  });

  it('reports the share of its slots in which a task ran', () => {
    const chain = [customTask('a'), customTask('b', { dependencies: ['a'] }), customTask('c', { dependencies: ['b'] })];
    expect(rehearsalOf({ tasks: chain, maxConcurrent: 4 }).slotUse).toBe(0.25);
    expect(rehearsalOf({ tasks: chain, maxConcurrent: 1 }).slotUse).toBe(1);
    expect(rehearsalOf({ tasks: chain, maxConcurrent: 2 }, { runs: 1 }).slotUse).toBe(0.5);
  });

  it('applies the timeout of a custom task to that task', () => {
    const policy = { ...POLICY, maxRetries: 0, timeoutMs: 1 };
    expect(rehearsalOf({ tasks: [customTask('hasty', { policy }), customTask('patient')] }).successRate).toBe(0.5);
  });

  it('reports the share of tasks that succeeded', () => {
    const never = { ...POLICY, maxRetries: 0 };
    const stages = { clean: { policy: never } };
    const half = rehearsalOf({ symbols: ['A', 'B'], untilStage: 'clean', stages }, { failures: { clean: 1 } });
    expect(half.successRate).toBe(0.5);
  });

  it('has one total duration for a single run, and percentiles between the runs for several', () => {
    const one = rehearsalOf({ symbols }, { runs: 1 }).makespanSeconds;
    expect(one.p50).toBe(one.p95);
    const two = rehearsalOf({ symbols }, { runs: 2 }).makespanSeconds;
    // of two runs the median is their middle, the 95th percentile nine tenths of the way from it to the longer one
    const longer = two.p50 + (two.p95 - two.p50) / 0.9;
    const shorter = 2 * two.p50 - longer;
    expect(Math.min(Math.abs(one.p50 - longer), Math.abs(one.p50 - shorter))).toBeLessThan(0.005);
  });

  it('uses random durations around the measured means', () => {
    const measured = rehearsalOf({ symbols: ['A'], untilStage: 'clean' }, { durations: { collect: 100, 'A/clean': 50 } });
    expect(measured.makespanSeconds.p50).toBeGreaterThan(110);
    expect(measured.makespanSeconds.p50).toBeLessThan(170);
  });

  it('names the longest chain, and the smallest number of slots that is almost as fast as the best', () => {
    const tasks = [customTask('a'), customTask('b'), customTask('long', { dependencies: ['b'] })];
    const durations = { a: 1, b: 1, long: 1_000 };
    const { criticalPath, bestConcurrent } = rehearsalOf({ tasks, maxConcurrent: 3 }, { durations });
    expect(criticalPath).toEqual(['b', 'long']);
    expect(bestConcurrent).toBe(1);
    expect(rehearsalOf({ symbols, maxConcurrent: 1 }, { concurrents: [1, 2] }).bestConcurrent).toBe(2);
  });

  it('simulates faults with the retries of the run: most are retried with success, which takes time', () => {
    const faulty = rehearsalOf({ symbols }, { failures: { collect: 0.3 } });
    expect(faulty.successRate).toBeGreaterThan(0.95);
    expect(faulty.successRate).toBeLessThan(1);
    expect(faulty.makespanSeconds.p50).toBeGreaterThan(rehearsalOf({ symbols }).makespanSeconds.p50);
    expect(rehearsalOf({ symbols }, { failures: { collect: 1 } }).successRate).toBe(0);
    const once = { ...POLICY, maxRetries: 0 };
    const unmended = rehearsalOf({ symbols, stages: { collect: { policy: once } } }, { failures: { collect: 0.3 } });
    expect(unmended.successRate).toBeGreaterThan(0.6);
    expect(unmended.successRate).toBeLessThan(0.8);
  });

  it('applies the retry rules by error type', () => {
    const ruled = { ...POLICY, maxRetries: 0, byError: { SourceUnavailable: { maxRetries: 5 } } };
    const retried = rehearsalOf({ symbols: ['A', 'B'], stages: { collect: { policy: ruled } } }, { failures: { collect: 0.3 }, runs: 50 });
    expect(retried.successRate).toBeGreaterThan(0.95);
  });

  it('simulates long waits and critical failures as in a real run', () => {
    const patient = { ...POLICY, retryDelayMs: 300_000, backoff: 1, maxDelayMs: 300_000 };
    const waits = rehearsalOf({ symbols, stages: { collect: { policy: patient } } }, { failures: { collect: 0.5 } });
    expect(waits.makespanSeconds.p50).toBeGreaterThan(300);
    const critical = rehearsalOf({ symbols, stages: { clean: { critical: true } } }, { failures: { clean: 1 } });
    expect(critical.successRate).toBeLessThan(0.15);
  });

  it('of a run without tasks takes no time', () => {
    expect(rehearsalOf({}, { concurrents: [3, 2] }).bestConcurrent).toBe(2);
    expect(rehearsalOf({})).toEqual({
      makespanSeconds: { p50: 0, p95: 0 },
      successRate: 1,
      slotUse: 0,
      criticalPath: [],
      bestConcurrent: 1,
    });
  });
});
